import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { runQueueCommand } from '../../../src/cli/queue';
import { openLmdbStore } from '../../../src/queue/lmdb/store';
import * as engine from '../../../src/queue/lmdb/tables';
import { fakeClock } from '../../support/fake-clock';
import { temporaryFolder } from '../../support/temporary-folder';

const { DATA_FILE, openTables } = engine;
const NOW = 1_795_384_800_000;
const MINUTE = 60_000;

/** A data folder with one waiting event and two that were set aside. */
async function folderWithEvents(): Promise<string> {
  const folder = temporaryFolder();
  const clock = fakeClock(NOW - 3 * 24 * 60 * MINUTE);
  const store = await openLmdbStore(folder, { clock });
  const event = (id: string, minutes: number) => ({
    id,
    page: 'me',
    conversation: 'page/1/2',
    timestamp: NOW - minutes * MINUTE,
    payload: { content: { message: { text: `private \u001b[31m${id}` } } },
  });
  await store.add([event('refused', 3)], 10);
  await store.due();
  await store.lease('me', 1, 0);
  await store.noteCall('refused', 0, { path: '/messages', answer: { message_id: 'private' } });
  await store.setAside('refused', `blocked\nby the person ${'x'.repeat(100)}`, true);
  await clock.pass((3 * 24 - 3) * 60 * MINUTE);
  await store.add([event('old', 2)], 10);
  await store.lease('me', 1, 0);
  await store.setAside('old', 'too old', true);
  await clock.pass((3 * 60 - 5) * MINUTE);
  await store.add([event('waits', 1)], 10);
  await store.close();
  return folder;
}

async function run(folder: string, args: readonly string[], answer?: string) {
  let output = '';
  const questions: string[] = [];
  const code = await runQueueCommand(
    args,
    { DATA_DIR: folder },
    {
      write: (text) => {
        output += text;
      },
      ask: (question) => {
        questions.push(question);
        return Promise.resolve(answer);
      },
      now: () => NOW,
    },
  );
  return { code, output, questions };
}

const jsonOf = async (folder: string, args: readonly string[]) =>
  JSON.parse((await run(folder, [...args, '--json'])).output) as unknown;

describe('npm run queue', () => {
  it('lists what waits and what was set aside, oldest first, why and since when, without texts', async () => {
    const { code, output } = await run(await folderWithEvents(), ['list']);
    expect(code).toBe(0);
    const [head = '', ...rows] = output.split('\n');
    expect(head).toMatch(/^ID +STATE +SINCE +TRIES +CONVERSATION +REASON$/);
    expect(rows[0]).toMatch(/^refused +set aside +3 d +0 +page\/1\/2 +blocked by the person x+…$/);
    expect(rows[1]).toMatch(/^old +set aside +3 h +0 +page\/1\/2 +too old$/);
    expect(rows[2]).toMatch(/^waits +waiting +5 min +0 +page\/1\/2$/);
    expect(output).toContain('1 waiting, 2 set aside.');
    expect(output).not.toContain('private');
  });

  it('shows texts only when asked, and never as control characters', async () => {
    const folder = await folderWithEvents();
    const { output } = await run(folder, ['list', '--texts']);
    expect(output).toContain('private');
    expect(output).not.toContain('\u001b');
    expect(JSON.stringify(await jsonOf(folder, ['list']))).not.toContain('private');
    expect(JSON.stringify(await jsonOf(folder, ['list', '--texts']))).toContain('private');
  });

  it('says so when there is nothing', async () => {
    const folder = temporaryFolder();
    await (await openLmdbStore(folder)).close();
    expect(await run(folder, ['list'])).toMatchObject({
      code: 0,
      output: 'Nothing waits, and nothing was set aside.\n',
    });
  });

  it('shows one event, with the calls it has made', async () => {
    const folder = await folderWithEvents();
    const { output } = await run(folder, ['show', 'refused']);
    expect(output).toMatch(/state +set aside\nreason +blocked by.*\nconversation +page\/1\/2\nhappened +2026-/s);
    expect(output).toContain('/messages');
    expect(output).not.toContain('private');
    expect((await run(folder, ['show', 'waits', '--texts'])).output).toContain('private');
    expect(await jsonOf(folder, ['show', 'refused'])).toMatchObject({
      id: 'refused',
      state: 'set_aside',
      calls: ['/messages'],
    });
  });

  it('puts one or all set-aside events back, in order', async () => {
    const folder = await folderWithEvents();
    expect((await run(folder, ['retry', 'old'])).output).toMatch(/^1 put back/);
    expect(await run(folder, ['retry', 'old'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('waits already') as string,
    });
    expect((await run(folder, ['show', 'old'])).output).toContain('put back');
    expect(await jsonOf(folder, ['retry', '--all'])).toEqual({ retried: 1 });
    const store = await openLmdbStore(folder);
    await store.due();
    const [lease] = await store.lease('me', 1, 1);
    expect(lease?.event.id).toBe('refused');
    await store.close();
  });

  it('asks before it drops', async () => {
    const folder = await folderWithEvents();
    const declined = await run(folder, ['drop', 'waits'], 'n');
    expect(declined).toMatchObject({ code: 1, output: 'Nothing was dropped.\n' });
    expect(declined.questions).toEqual([expect.stringContaining('waits')]);
    expect(await run(folder, ['drop', 'waits'], ' YES ')).toMatchObject({ code: 0, output: 'Dropped.\n' });
    expect((await run(folder, ['show', 'waits'])).code).toBe(1);
  });

  it('drops without asking where --yes is given, and not at all where nobody can answer', async () => {
    const folder = await folderWithEvents();
    expect(await run(folder, ['drop', 'waits'])).toMatchObject({
      code: 2,
      output: expect.stringContaining('--yes') as string,
    });
    expect(await jsonOf(folder, ['drop', 'waits', '--yes'])).toEqual({ dropped: 1 });
  });

  it.each<[number, string, string[]]>([
    [2, 'npm run queue', []],
    [0, 'npm run queue', ['--help']],
    [2, 'There is no command "lst"', ['lst']],
    [2, 'Which event?', ['show']],
    [2, '--wat', ['list', '--wat']],
    [1, 'No event nope', ['show', 'nope']],
    [1, 'No event nope', ['drop', 'nope', '--yes']],
    [2, 'Which event?', ['drop', '--yes']],
  ])('ends with %d and says "%s" after %p', async (code, text, args) => {
    expect(await run(await folderWithEvents(), args)).toMatchObject({
      code,
      output: expect.stringContaining(text) as string,
    });
  });

  it('does not make a data folder where there is none', async () => {
    const folder = path.join(temporaryFolder(), 'nothing');
    expect(await run(folder, ['list'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('no bot has run') as string,
    });
    expect(await run('', ['list', '--data', folder])).toMatchObject({ code: 1 });
  });
});

describe('what an operator meets on a bad day', () => {
  it('is a damaged event: the others are shown and put back, it is named, and can be dropped', async () => {
    const folder = await folderWithEvents();
    const tables = openTables(folder);
    await tables.records.put(Number(tables.ids.get('old')), 'damaged');
    await tables.root.close();
    const list = await run(folder, ['list']);
    expect(list.code).toBe(1);
    expect(list.output).toMatch(/refused[^]*waits[^]*cannot be read: old\./);
    expect(await run(folder, ['show', 'old'])).toMatchObject({
      code: 1,
      output: 'The event old has changed on disk and cannot be read. End it: npm run queue -- drop old\n',
    });
    expect(await run(folder, ['retry', '--all'])).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^1 put back[^]*cannot be read: old\./) as string,
    });
    expect(await run(folder, ['drop', 'old', '--yes'])).toMatchObject({ code: 0, output: 'Dropped.\n' });
    expect(await run(folder, ['list'])).toMatchObject({ code: 0 });
  });

  it('is a file that the system cannot read: what it says is said', async () => {
    const folder = await folderWithEvents();
    const open = engine.openTables;
    jest.spyOn(engine, 'openTables').mockImplementationOnce((place) => {
      const tables = open(place);
      jest.spyOn(tables.records, 'getRange').mockImplementation(() => {
        throw new Error('MDB_CORRUPTED');
      });
      return tables;
    });
    expect(await run(folder, ['list'])).toMatchObject({ code: 1, output: 'MDB_CORRUPTED\n' });
  });

  it('is an event that only the log of a killed bot holds: it is not said to be dropped when it is not', async () => {
    const folder = temporaryFolder();
    const bot = await openLmdbStore(folder, { exclusive: true });
    await bot.add([{ id: 'new', page: 'me', conversation: 'c', timestamp: NOW, payload: {} }], 10);
    const killed = temporaryFolder();
    for (const file of [DATA_FILE, 'arrived']) copyFileSync(path.join(folder, file), path.join(killed, file));
    await bot.close();
    expect(await run(killed, ['drop', 'new', '--yes'])).toMatchObject({
      code: 1,
      output: expect.stringMatching(/new was not dropped.*only just come in.*start the bot/) as string,
    });
    expect((await run(killed, ['list'])).output).toContain('new');
  });
});

describe('the data folder', () => {
  it('is ./data where nothing else is said', async () => {
    const before = process.cwd();
    process.chdir(temporaryFolder());
    try {
      expect((await run(' ', ['list'])).output).toContain('There are no events in ./data');
    } finally {
      process.chdir(before);
    }
  });
});

describe('odd events', () => {
  it('are shown as far as they can be', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder, { clock: fakeClock(NOW) });
    await store.add([{ id: 'odd', page: 'me', conversation: 'c', timestamp: 9e15, payload: { plain: 1 } }], 10);
    await store.close();
    const { output } = await run(folder, ['show', 'odd', '--texts']);
    expect(output).toMatch(/happened +9000000000000000\n/);
    expect(output).toContain('{"plain":1}');
    expect((await run(folder, ['list'])).output).toContain('<1 min');
  });
});
