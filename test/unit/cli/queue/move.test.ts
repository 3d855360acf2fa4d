import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runQueueCommand } from '../../../../src/cli/queue';
import { StoreError, type CarriedEvent, type MovableStore, type NewEvent } from '../../../../src/queue/event-store';
import * as lmdb from '../../../../src/queue/lmdb/store';
import { DATA_FILE, openTables } from '../../../../src/queue/lmdb/tables';
import * as engines from '../../../../src/queue/open';
import { scriptedTerminal } from '../../../support/scripted-terminal';
import { temporaryFolder } from '../../../support/temporary-folder';

const { openLmdbStore } = lmdb;
const NOW = 1_795_384_800_000;
const DATABASE_URL = 'postgres://bot:a-secret-password@db.example/bot';

const event = (id: string, text = ''): NewEvent => ({
  ...{ id, page: 'p', conversation: 'c', timestamp: NOW },
  payload: { text },
});

async function folderWith(...events: readonly NewEvent[]): Promise<string> {
  const folder = temporaryFolder();
  const store = await openLmdbStore(folder, { exclusive: true });
  await store.add(events, 100_000);
  store.keepNotes(new Map([['c', 'a note']]));
  await store.close();
  return folder;
}

/** Stands in for the engine of databases: each address is a folder here. */
function standInForDatabases(change: (store: MovableStore) => MovableStore = (store) => store) {
  const folder = temporaryFolder();
  const real = engines.openStore;
  const opened = jest.spyOn(engines, 'openStore').mockImplementation(async (place, options) => {
    if (place.databaseUrl === undefined) return real(place, options);
    return change(await openLmdbStore(folder, { ...options, exclusive: true }));
  });
  return { folder, opened };
}

async function run(args: readonly string[], env: Record<string, string> = { DATABASE_URL }) {
  const { terminal, said } = scriptedTerminal();
  return { code: await runQueueCommand(['move', ...args], env, terminal), ...said() };
}

async function contentOf(folder: string): Promise<readonly CarriedEvent[]> {
  const store = await openLmdbStore(folder, { exclusive: true, isMoving: true });
  const all: CarriedEvent[] = [];
  for await (const one of store.exportAll()) all.push(one);
  await store.close();
  return all;
}

describe('npm run queue -- move', () => {
  it('carries everything into the database, says what comes next, and lets no bot start on the folder any more', async () => {
    const { folder: database } = standInForDatabases();
    const folder = await folderWith(event('1'), event('2'), event('3'));
    const store = await openLmdbStore(folder, { exclusive: true });
    await store.due();
    await store.lease('p', 1, 0);
    await store.setAside('1', 'blocked', true);
    await store.finish('2', true);
    await store.close();
    const { code, output, complaints } = await run(['--from', folder, '--to', 'database']);
    expect([code, complaints]).toEqual([0, '']);
    expect(output).toBe(
      `Moved: 1 waiting, 1 set aside, 1 ids of what is done.\nOn the folder ${folder} no bot starts any more. Next: set DATABASE_URL, start the bot, and remove ${folder} when it runs.\n`,
    );
    expect((await contentOf(database)).map(({ id, state }) => [id, state])).toEqual([
      ['2', 'done'],
      ['1', 'set_aside'],
      ['3', 'waiting'],
    ]);
    const there = await openLmdbStore(database);
    const notes = [];
    for await (const note of there.keptNotes()) notes.push(note);
    await there.close();
    expect(notes).toEqual([['c', 'a note']]);
    await expect(openLmdbStore(folder, { exclusive: true })).rejects.toThrow(
      `The events in ${folder} were moved to the database bot at db.example, and are handled there.`,
    );
  });

  it('carries everything back into a new folder', async () => {
    const { folder: database } = standInForDatabases();
    await run(['--from', await folderWith(event('1')), '--to', 'database']);
    const folder = path.join(temporaryFolder(), 'new');
    const { code, output } = await run(['--from', 'database', '--to', folder]);
    expect(code).toBe(0);
    expect(output).toContain('On the database bot at db.example no bot starts any more. Next: remove DATABASE_URL, ');
    expect(output).toContain(`set DATA_DIR to ${folder}, start the bot, and remove what is left in the database (DROP`);
    expect((await contentOf(folder)).map(({ id }) => id)).toEqual(['1']);
    await expect(openLmdbStore(database, { exclusive: true })).rejects.toThrow(`moved to the folder ${folder}`);
  });

  it('goes on where it was killed, and doubles nothing', async () => {
    let batches = 0;
    const { folder: database } = standInForDatabases((store) => ({
      ...store,
      importAll: (events) => {
        batches += 1;
        if (batches === 2) return Promise.reject(new StoreError('The database cannot be used', 'Look at it.'));
        return store.importAll(events);
      },
    }));
    const ids = Array.from({ length: 1_200 }, (_, n) => `e${n}`);
    const folder = await folderWith(...ids.map((id) => event(id)));
    const failed = await run(['--from', folder, '--to', 'database']);
    expect(failed).toMatchObject({ code: 1, output: '' });
    expect(failed.complaints).toBe(
      'The database cannot be used. Look at it.\nThe move is not finished. Nothing is lost: run it again.\n',
    );
    await expect(openLmdbStore(folder, { exclusive: true })).rejects.toThrow('were moved to');
    expect(await contentOf(database)).toHaveLength(500);
    const again = await run(['--from', folder, '--to', 'database']);
    expect(again.code).toBe(0);
    expect(again.output).toContain(
      'Moved: 1200 waiting, 0 set aside, 0 ids of what is done; 500 of them were there already.',
    );
    expect((await contentOf(database)).map(({ id }) => id)).toEqual(ids);
  });

  it('carries very many notes', async () => {
    const { folder: database } = standInForDatabases();
    const folder = await folderWith(event('1'));
    const store = await openLmdbStore(folder, { exclusive: true });
    store.keepNotes(new Map(Array.from({ length: 1_200 }, (_, n) => [`c${n}`, `note ${n}`])));
    await store.close();
    await run(['--from', folder, '--to', 'database']);
    const there = await openLmdbStore(database);
    let notes = 0;
    for await (const note of there.keptNotes()) notes += note.length / 2;
    await there.close();
    expect(notes).toBe(1_201);
  });

  it('says how far it has come, and carries large events in small parts', async () => {
    const sizes: number[] = [];
    standInForDatabases((store) => ({
      ...store,
      importAll: (events) => {
        sizes.push(events.length);
        return store.importAll(events);
      },
    }));
    const small = Array.from({ length: 10_200 }, (_, n) => event(`e${n}`));
    const large = ['a', 'b', 'c'].map((id) => event(id, 'x'.repeat(600_000)));
    const { output } = await run(['--from', await folderWith(...small, ...large), '--to', 'database']);
    expect(output).toMatch(/^10000 …\nMoved: 10203 waiting/);
    expect(sizes.slice(-3)).toEqual([500, 202, 1]);
  });

  it('names events that cannot be read, and moves all others', async () => {
    const { folder: database } = standInForDatabases();
    const folder = await folderWith(event('1'), event('2'));
    const { root, records, ids } = openTables(folder);
    await records.put(Number(ids.get('1')), 'damaged');
    await root.close();
    const { code, output, complaints } = await run(['--from', folder, '--to', 'database']);
    expect([code, complaints]).toEqual([1, expect.stringContaining('cannot be read: 1. End each with')]);
    expect(output).toContain('Moved: 1 waiting');
    expect((await contentOf(database)).map(({ id }) => id)).toEqual(['2']);
    const dropping = scriptedTerminal();
    expect(await runQueueCommand(['drop', '1', '--yes', '--data', folder], {}, dropping.terminal)).toBe(0);
    expect(dropping.said().complaints).toBe(
      'These events were moved to the database bot at db.example: here nobody handles them any more.\n',
    );
    expect(await run(['--from', folder, '--to', 'database'])).toMatchObject({ code: 0, complaints: '' });
  });

  it('is refused while a bot works on the folder, and changes nothing', async () => {
    standInForDatabases();
    const folder = await folderWith(event('1'));
    const bot = await openLmdbStore(folder, { exclusive: true });
    const { code, complaints } = await run(['--from', folder, '--to', 'database']);
    await bot.close();
    expect([code, complaints]).toEqual([1, expect.stringMatching(/^Another bot is already working on the data in/)]);
    expect(existsSync(path.join(folder, 'moved'))).toBe(false);
  });

  it('is refused to a second place, where a part may be handled already, and to a folder that was left', async () => {
    standInForDatabases();
    const folder = await folderWith(event('1'));
    await run(['--from', folder, '--to', 'database']);
    const elsewhere = await run(['--from', folder, '--to', 'postgres://other.example/bot']);
    expect([elsewhere.code, elsewhere.complaints]).toEqual([
      1,
      expect.stringMatching(/were moved to the database bot at db\.example, and are handled there/),
    ]);
    const back = await run(['--from', 'database', '--to', folder]);
    expect([back.code, back.complaints]).toEqual([1, expect.stringContaining('were moved to the database')]);
  });

  it('changes nothing where the database is away', async () => {
    const folder = await folderWith(event('1'));
    const { code, complaints } = await run(['--from', folder, '--to', 'postgres://bot@127.0.0.1:9/bot']);
    expect(code).toBe(1);
    expect(complaints).toMatch(
      /nothing listens there \(ECONNREFUSED\)\. Start it, or put its right address into DATABASE_URL/,
    );
    expect(readdirSync(folder)).toEqual([DATA_FILE, `${DATA_FILE}-lock`]);
  });

  it('does not take a folder without events for one that is empty', async () => {
    const { opened } = standInForDatabases();
    const { complaints } = await run(['--from', './nowhere', '--to', 'database']);
    expect(complaints).toMatch(/^There are no events in \/.*\/nowhere: no bot has run on it/);
    expect(opened).not.toHaveBeenCalled();
  });

  it.each<[string, readonly string[], Record<string, string>, RegExp]>([
    [
      'two folders',
      ['--from', 'a', '--to', 'b'],
      {},
      /^One of --from and --to is a folder, and the other one a database\./,
    ],
    ['two databases', ['--from', 'database', '--to', 'postgres://b/b'], { DATABASE_URL }, /^One of --from and --to/],
    ['one end only', ['--from', 'a'], {}, /^Required option '--to <place>' not specified\./],
    ['a database that is not named', ['--from', 'a', '--to', 'database'], {}, /^DATABASE_URL is not set\./],
    ['a wrong address', ['--from', 'a', '--to', 'postgres://secret'], {}, /^DATABASE_URL must look like postgres:/],
    ['a wrong setting', ['--from', 'a', '--to', 'database'], { DATABASE_URL: 'x:secret' }, /^DATABASE_URL must look/],
    [
      'a password, which everybody could see',
      ['--from', 'a', '--to', 'postgresql://bot:secret@db.example/bot'],
      {},
      /^Everybody on this machine can see a password .* PGPASSWORD\./,
    ],
    [
      'one in the query',
      ['--from', 'a', '--to', 'postgres://db.example/bot?password=secret'],
      {},
      /^Everybody on this/,
    ],
  ])('refuses %s', async (_what, args, env, says) => {
    const { code, output, complaints } = await run(args, env);
    expect([code, output]).toEqual([1, '']);
    expect(complaints).toMatch(says);
    expect(complaints).not.toContain('secret');
  });

  it('calls a database on a socket by its name alone', async () => {
    standInForDatabases();
    const folder = await folderWith(event('1'));
    await run(['--from', folder, '--to', 'postgres:///bot?host=/run/postgresql']);
    await expect(openLmdbStore(folder, { exclusive: true })).rejects.toThrow('were moved to the database bot, and');
    rmSync(folder, { recursive: true });
  });
});
