import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { openLmdbStore } from '../../src/queue/lmdb/store';
import { createDatabase } from '../support/database';
import { temporaryFolder } from '../support/temporary-folder';

jest.setTimeout(120_000);

const program = path.join(__dirname, '..', '..', 'dist', 'cli', 'queue.js');

const killer = path.join(__dirname, '..', 'support', 'kill-at.cjs');

/** Runs `npm run queue -- move`, and kills it when it is about to say this. */
async function move(DATABASE_URL: string, from: string, to: string, killAt?: string) {
  const killing = killAt === undefined ? [] : ['--require', killer];
  const child = spawn(process.execPath, [...killing, program, 'move', '--from', from, '--to', to], {
    cwd: temporaryFolder(),
    env: { PATH: process.env['PATH'], DATABASE_URL, KILL_AT: killAt },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, output };
}

async function contentOf(folder: string) {
  const store = await openLmdbStore(folder, { exclusive: true, isMoving: true });
  const all = [];
  for await (const event of store.exportAll()) all.push({ ...event, sequence: undefined });
  await store.close();
  return all;
}

describe('moving into a database and back', () => {
  it('loses and doubles nothing, killed on either way, and leaves what was left alone', async () => {
    const [DATABASE_URL, first, last] = [
      await createDatabase(),
      temporaryFolder(),
      path.join(temporaryFolder(), 'new'),
    ];
    const store = await openLmdbStore(first, { exclusive: true });
    const ids = Array.from({ length: 12_000 }, (_, n) => `e${n}`);
    const conversation = (n: number) => `c${n % 1_000}`;
    await store.add(
      ids.map((id, n) => ({
        id,
        page: 'p',
        conversation: conversation(n),
        timestamp: n,
        payload: { text: `👋\u0000 ${n}` },
      })),
      100_000,
    );
    await store.due();
    for (const [n, { event }] of (await store.lease('p', 100, 0)).entries()) {
      if (n % 2 === 0) await store.setAside(event.id, 'blocked', false);
      else await store.finish(event.id, false);
    }
    await store.close();
    const before = await contentOf(first);

    expect((await move(DATABASE_URL, first, 'database', '10000 …')).signal).toBe('SIGKILL');
    const there = await move(DATABASE_URL, first, 'database');
    expect(there.output).toContain('Moved: 11900 waiting, 50 set aside, 50 ids of what is done; ');
    expect(there.code).toBe(0);
    expect((await move(DATABASE_URL, 'database', last, '10000 …')).signal).toBe('SIGKILL');
    expect(await move(DATABASE_URL, 'database', last)).toMatchObject({ code: 0 });
    const after = await contentOf(last);
    const known = (all: typeof before) =>
      all
        .filter(({ state }) => state === 'done')
        .map(({ id }) => id)
        .sort();
    const rest = (all: typeof before) => all.filter(({ state }) => state !== 'done');
    expect(known(after)).toEqual(known(before));
    expect(rest(after)).toEqual(rest(before));
    expect(await contentOf(first)).toEqual(before);
  });
});
