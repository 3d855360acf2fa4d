import fs, { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runQueueCommand } from '../../../src/cli/queue';
import type { Terminal } from '../../../src/cli/terminal';
import { checkReadable } from '../../../src/queue/lmdb/check-data';
import * as store from '../../../src/queue/lmdb/store';
import * as engine from '../../../src/queue/lmdb/tables';
import * as engines from '../../../src/queue/open';
import { writePages } from '../../support/pages';
import { fakeClock } from '../../support/fake-clock';
import { scriptedTerminal } from '../../support/scripted-terminal';
import { temporaryFolder } from '../../support/temporary-folder';

const { DATA_FILE, openTables } = engine;
const { openLmdbStore } = store;
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

/** One with so many events that were set aside, and as many that wait, each in a conversation with one of the others. */
async function folderWithMany(count: number): Promise<string> {
  const folder = temporaryFolder();
  const store = await openLmdbStore(folder, { clock: fakeClock(NOW) });
  const add = (prefix: string) => {
    const of = (n: number) => ({
      id: `${prefix}${n}`,
      page: 'me',
      conversation: `c${n}`,
      timestamp: NOW - n,
      payload: {},
    });
    return store.add(
      Array.from({ length: count }, (_, n) => of(n)),
      10_000,
    );
  };
  await add('aside');
  await store.due();
  const leases = await store.lease('me', count, 0);
  await Promise.all(leases.map(({ event }) => store.setAside(event.id, 'refused.', false)));
  await add('waits');
  await store.close();
  return folder;
}

async function run(folder: string | undefined, args: readonly string[], answer?: string, more: Partial<Terminal> = {}) {
  const { terminal, said } = scriptedTerminal(answer, NOW);
  const env = folder === undefined ? {} : { DATA_DIR: folder };
  const code = await runQueueCommand(args, env, { ...terminal, ...more });
  return { code, ...said() };
}

const containing = (text: string) => expect.stringContaining(text) as string;
const matching = (text: RegExp) => expect.stringMatching(text) as string;

/** What there is now: the ids, and in which state. */
const states = async (folder: string) =>
  Object.fromEntries(
    ((await jsonOf(folder, ['list'])) as { id: string; state: string }[]).map(({ id, state }) => [id, state]),
  );

const jsonOf = async (folder: string, args: readonly string[]) =>
  JSON.parse((await run(folder, [...args, '--json'])).output) as unknown;

describe('npm run queue', () => {
  it('works on the database of DATABASE_URL, unless a folder is named; an address that is wrong is not shown', async () => {
    const [database, folder] = [await folderWithEvents(), temporaryFolder()];
    const opened = jest.spyOn(engines, 'openStore').mockImplementation(({ dataDir, databaseUrl }) => {
      return openLmdbStore(databaseUrl === undefined ? dataDir : database);
    });
    const list = async (args: readonly string[], env: Record<string, string>) => {
      const { terminal, said } = scriptedTerminal();
      return { code: await runQueueCommand(['list', ...args], env, terminal), ...said() };
    };
    const DATABASE_URL = 'postgres://bot:a-secret-password@db.example/bot';
    expect((await list([], { DATABASE_URL })).output).toContain('1 waiting, 2 set aside.');
    expect(opened).toHaveBeenCalledWith({ dataDir: './data', databaseUrl: DATABASE_URL });
    expect((await list(['--data', folder], { DATABASE_URL })).complaints).toContain(`There are no events in ${folder}`);
    const { code, complaints } = await list([], { DATABASE_URL: 'a-secret-password' });
    expect([code, complaints]).toEqual([1, expect.stringMatching(/^DATABASE_URL must look like/)]);
    expect(complaints).not.toContain('a-secret-password');
  });

  it('lists what waits and what was set aside, as it came, why and since when, without texts', async () => {
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
      output: 'Nothing of this kind waits or was set aside.\n',
    });
    expect(await jsonOf(folder, ['list'])).toEqual([]);
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
    expect((await run(folder, ['retry', 'old'])).output).toMatch(
      /^1 put back\. A running bot tries again as soon as it may send; where none runs, the next one will\.\n$/,
    );
    expect(await run(folder, ['retry', 'old'])).toMatchObject({
      code: 1,
      output: 'Nothing was put back: nothing that you asked for is set aside.\n',
      complaints: 'Event old was not set aside: it waits already.\n',
    });
    expect((await run(folder, ['show', 'old'])).output).toContain('put back');
    expect(await jsonOf(folder, ['retry', '--all'])).toEqual({ retried: 1 });
    const store = await openLmdbStore(folder);
    await store.due();
    const [lease] = await store.lease('me', 1, 1);
    expect(lease?.event.id).toBe('refused');
    await store.close();
    expect(await run(folder, ['retry', '--all'])).toMatchObject({
      code: 0,
      output: 'Nothing was put back: nothing that you asked for is set aside.\n',
    });
  });

  it('asks before it drops', async () => {
    const folder = await folderWithEvents();
    const declined = await run(folder, ['drop', 'waits'], 'n');
    expect(declined).toMatchObject({ code: 1, complaints: 'Nothing was dropped.\n' });
    expect(declined.questions).toEqual(['End event waits without handling it? The person gets no answer. (yes/no) ']);
    expect(await run(folder, ['drop', 'waits'], ' YES ')).toMatchObject({ code: 0, output: '1 dropped.\n' });
    expect((await run(folder, ['show', 'waits'])).code).toBe(1);
  });

  it('drops without asking where --yes is given, and not at all where nobody can answer', async () => {
    const folder = await folderWithEvents();
    expect(await run(folder, ['drop', 'waits'])).toMatchObject({
      code: 1,
      complaints: containing('Nobody is there to confirm: add --yes.\n'),
    });
    expect(await jsonOf(folder, ['drop', 'waits', '--yes'])).toEqual({ dropped: 1 });
  });

  it.each<[string, string[]]>([
    ['npm run queue', []],
    ["Unknown command 'lst'. (Did you mean list?)", ['lst']],
    ["Unknown command 'toString'.", ['toString']],
    ['Which event?', ['show']],
    ['An id has 64 characters at most.', ['show', 'x'.repeat(65)]],
    ["Unknown option '--wat'.", ['list', '--wat']],
    ['No event nope', ['show', 'nope']],
    ['No event nope', ['drop', 'nope', '--yes']],
    ['Which event?', ['drop', '--yes']],
    ["Too many arguments for 'list'", ['list', 'old']],
    ["Unknown option '--yes'.", ['list', '--yes']],
    ["Unknown option '--all'.", ['show', '--all']],
    ["Unknown option '--limit'.", ['retry', '--all', '--limit', '1']],
    ['Give ids or --all, not both', ['drop', 'old', '--all']],
    ['--state, --conversation and --page go with --all', ['drop', 'old', '--state', 'waiting']],
    ['--state, --conversation and --page go with --all', ['retry', '--conversation', 'c']],
    ['Only what is set aside can be put back', ['retry', '--all', '--state', 'waiting']],
    ["argument 'set_aside' is invalid. Allowed choices are waiting, set-aside.", ['list', '--state', 'set_aside']],
    ["argument '0' is invalid. It is a whole number from 1 on.", ['list', '--limit', '0']],
    ["argument '1.5' is invalid. It is a whole number from 1 on.", ['list', '--limit', '1.5']],
    ["argument '1e3' is invalid. It is a whole number from 1 on.", ['list', '--limit', '1e3']],
  ])('ends with 1 and says "%s" after %p, and changes nothing', async (text, args) => {
    const folder = await folderWithEvents();
    expect(await run(folder, args)).toMatchObject({ code: 1, complaints: containing(text) });
    expect(await states(folder)).toEqual({ refused: 'set_aside', old: 'set_aside', waits: 'waiting' });
  });

  it('says where help is after what it does not understand, and only then', async () => {
    expect((await run('', ['list', '--wat'])).complaints).toMatch(/\nSee: npm run queue -- --help\n$/);
    expect((await run('', ['show'])).complaints).toMatch(/\nSee: npm run queue -- --help\n$/);
    expect((await run('', ['list'])).complaints).not.toContain('See:');
  });

  it('explains itself in at most 20 lines: the commands, and each with its options', async () => {
    const help = async (...args: string[]) => {
      const { code, output, complaints } = await run('', [...args, '--help']);
      expect([code, complaints]).toEqual([0, '']);
      expect(output.split('\n').length).toBeLessThanOrEqual(20);
      return output;
    };
    const all = await help();
    for (const command of ['list', 'show', 'retry', 'drop']) {
      expect(all).toContain(`  ${command} [options]`);
      for (const option of ['json', 'data', 'help']) expect(await help(command)).toContain(`  --${option}`);
    }
    for (const option of ['state', 'conversation', 'limit', 'texts'])
      expect(await help('list')).toContain(`--${option}`);
    for (const option of ['all', 'state', 'conversation', 'yes']) expect(await help('drop')).toContain(`--${option}`);
  });

  it('does not make a data folder where there is none', async () => {
    const folder = path.join(temporaryFolder(), 'nothing');
    expect(await run(folder, ['list'])).toMatchObject({
      code: 1,
      complaints: containing('no bot has run'),
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
    expect(await run(folder, ['list'])).toMatchObject({
      code: 1,
      output: matching(/refused[^]*waits[^]*\n1 waiting, 1 set aside\.\n$/),
      complaints: matching(/cannot be read: old\./),
    });
    expect(await jsonOf(folder, ['list'])).toHaveLength(2);
    expect(await run(folder, ['list', '--conversation', 'nobody'])).toMatchObject({
      code: 1,
      output: '\n0 waiting, 0 set aside.\n', // it may be one of those that cannot be read
    });
    expect(await run(folder, ['show', 'old'])).toMatchObject({
      code: 1,
      output: '',
      complaints: 'The event old has changed on disk and cannot be read. End it: npm run queue -- drop old\n',
    });
    expect(await run(folder, ['retry', '--all'])).toMatchObject({
      code: 1,
      output: matching(/^1 put back/),
      complaints: matching(/cannot be read: old\./),
    });
    const drop = await run(folder, ['drop', 'old', 'waits'], 'yes');
    expect(drop).toMatchObject({ code: 0, output: '2 dropped.\n' });
    expect(drop.questions).toEqual(['End 2 events without handling them? These people get no answer. (yes/no) ']);
    expect(await run(folder, ['list'])).toMatchObject({ code: 0 });
  });

  it.each([[['list']], [['retry', '--all']]])(
    'is a file that the system cannot read: %p says what it says',
    async (args) => {
      const folder = await folderWithEvents();
      const open = engine.openTables;
      jest.spyOn(engine, 'openTables').mockImplementationOnce((place) => {
        const tables = open(place);
        jest.spyOn(tables.records, 'getRange').mockImplementation(() => {
          throw new Error('MDB_CORRUPTED');
        });
        return tables;
      });
      expect(await run(folder, args)).toMatchObject({ code: 1, complaints: 'MDB_CORRUPTED\n' });
      expect(await states(folder)).toMatchObject({ old: 'set_aside' });
    },
  );

  it('is an event that only the log of a killed bot holds: it is not said to be dropped when it is not', async () => {
    const folder = temporaryFolder();
    const bot = await openLmdbStore(folder, { exclusive: true });
    await bot.add([{ id: 'new', page: 'me', conversation: 'c', timestamp: NOW, payload: {} }], 10);
    const killed = temporaryFolder();
    for (const file of [DATA_FILE, 'arrived']) copyFileSync(path.join(folder, file), path.join(killed, file));
    await bot.close();
    expect(await run(killed, ['drop', 'new', '--yes'])).toMatchObject({
      code: 1,
      output: 'Nothing was dropped.\n',
      complaints: matching(/^Not dropped: new, which has only just come in.*start the bot first\.\n$/),
    });
    expect((await run(killed, ['list'])).output).toContain('new');
  });
});

describe('a list', () => {
  it('can be of one state, of one conversation, and of so many', async () => {
    const folder = await folderWithMany(3);
    const ids = async (...args: string[]) =>
      ((await jsonOf(folder, ['list', ...args])) as { id: string }[]).map(({ id }) => id);
    expect(await ids()).toEqual(['aside0', 'aside1', 'aside2', 'waits0', 'waits1', 'waits2']);
    expect(await ids('--state', 'set-aside')).toEqual(['aside0', 'aside1', 'aside2']);
    expect(await ids('--state', 'waiting', '--limit', '2')).toEqual(['waits0', 'waits1']);
    expect(await ids('--conversation', 'c1')).toEqual(['aside1', 'waits1']);
    expect(await ids('--conversation', 'c1', '--state', 'waiting')).toEqual(['waits1']);
    expect(await ids('--conversation', 'c')).toEqual([]);
    expect((await run(folder, ['list', '--limit', '4'])).output).toMatch(/\n1 waiting, 3 set aside\.\n$/);
  });

  it('is written event by event: a slow reader is waited for', async () => {
    const folder = await folderWithMany(3);
    let underWay = 0;
    let most = 0;
    const written: string[] = [];
    const write = async (text: string) => {
      most = Math.max(most, (underWay += 1));
      await new Promise((resolve) => setImmediate(resolve));
      written.push(text);
      underWay -= 1;
    };
    await run(folder, ['list'], undefined, { write });
    expect([written.length, most]).toEqual([7, 1]);
    expect(written[0]).toMatch(/^ID .*\naside0 .*\n$/);
  });

  it('ends quietly when nobody reads any more', async () => {
    const folder = await folderWithMany(3);
    let writes = 0;
    const write = () => {
      writes += 1;
      const code = writes < 3 ? 'EPIPE' : 'ERR_STREAM_DESTROYED';
      return writes < 2 ? Promise.resolve() : Promise.reject(Object.assign(new Error(code), { code }));
    };
    expect(await run(folder, ['list'], undefined, { write })).toMatchObject({ code: 0, complaints: '' });
    expect(writes).toBe(3);
  });

  it('keeps its columns, however long a conversation is, but cuts no id off', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder, { clock: fakeClock(NOW) });
    const add = (id: string, conversation: string) =>
      store.add([{ id, page: 'me', conversation, timestamp: NOW, payload: {} }], 10);
    await add('a'.repeat(24), 'short');
    await add('b'.repeat(24), 'long'.repeat(50));
    await add('c'.repeat(64), 'short');
    await store.close();
    const [head = '', short = '', long = '', longId = ''] = (await run(folder, ['list'])).output.split('\n');
    const place = head.indexOf('CONVERSATION');
    expect(short.slice(place)).toBe('short');
    expect(long.slice(place)).toBe(`${'long'.repeat(11)}…`);
    expect(longId).toMatch(/^c{64} /);
  });
});

describe('several events at once', () => {
  it('are shown, and each one that there is not is named', async () => {
    const folder = await folderWithMany(2);
    expect(await run(folder, ['show', 'aside0', 'nope', 'waits1', 'nein'])).toMatchObject({
      code: 1,
      output: matching(/^id +aside0\n[^]*\n\nid +waits1\n/),
      complaints: matching(/^No event nope .*\nNo event nein .*\n$/),
    });
    expect(await jsonOf(folder, ['show', 'aside0', 'waits1'])).toMatchObject([{ id: 'aside0' }, { id: 'waits1' }]);
  });

  it('are put back, and each one that cannot be is named', async () => {
    const folder = await folderWithMany(2);
    expect(await run(folder, ['retry', 'aside0', 'nope', 'waits0', 'aside1', 'aside0'])).toMatchObject({
      code: 1,
      output: matching(/^2 put back/),
      complaints:
        'No event nope waits or was set aside. See: npm run queue -- list\nEvent waits0 was not set aside: it waits already.\n',
    });
  });

  it('are dropped after one question, and each one that cannot be is named', async () => {
    const folder = await folderWithMany(2);
    expect(await run(folder, ['drop', 'aside0', 'nope', 'waits0'], 'yes')).toMatchObject({
      code: 1,
      output: '2 dropped.\n',
      complaints: containing('No event nope'),
      questions: ['End 2 events without handling them? These people get no answer. (yes/no) '],
    });
    expect(Object.keys(await states(folder))).toEqual(['aside1', 'waits1']);
  });

  it('are all, or all of a state or conversation: as many as the question says', async () => {
    const folder = await folderWithMany(3);
    const dropped = async (count: number, ...args: string[]) => {
      expect(await run(folder, ['drop', '--all', ...args], 'yes')).toMatchObject({
        code: 0,
        output: `${count} dropped.\n`,
        questions: [containing(count === 1 ? 'End event waits1 ' : `End ${count} events`)],
      });
    };
    await dropped(1, '--state', 'waiting', '--conversation', 'c1');
    expect(await jsonOf(folder, ['retry', '--all', '--conversation', 'c1'])).toEqual({ retried: 1 });
    expect(await jsonOf(folder, ['retry', '--all', '--state', 'set-aside'])).toEqual({ retried: 2 });
    await dropped(2, '--conversation', 'c0');
    await dropped(3);
    expect(await run(folder, ['drop', '--all'])).toMatchObject({
      code: 0,
      output: 'Nothing was dropped.\n',
      questions: [],
    });
  });

  it('are changed a hundred at a time, with a pause between, in which a running bot has its turn', async () => {
    const folder = await folderWithMany(250);
    const left: number[] = [];
    const pause = async () => {
      left.push(Object.values(await states(folder)).filter((state) => state === 'set_aside').length);
    };
    expect((await run(folder, ['retry', '--all'], undefined, { pause })).output).toMatch(/^250 put back/);
    expect(left).toEqual([150, 50]);
  });

  it('that somebody else deals with meanwhile are named, the first ten of them', async () => {
    const folder = await folderWithMany(112);
    const retry = (...args: string[]) => run(folder, ['retry', ...args]);
    const pause = async () => {
      await retry('--all', '--state', 'set-aside');
    };
    const { code, output, complaints } = await run(folder, ['retry', '--all'], undefined, { pause });
    expect([code, output.split('.')[0]]).toEqual([1, '100 put back']);
    expect(complaints).toMatch(
      /^Not put back: aside100, (aside\d+, ){8}aside109 and 2 more, which somebody else has just put back or dropped\.\n$/,
    );
  });
});

describe('a data file that is damaged as a whole', () => {
  it('is not read, which could end the process: that is said instead', async () => {
    const folder = await folderWithEvents();
    writeFileSync(path.join(folder, DATA_FILE), Buffer.alloc(100_000, 'garbage'));
    const compiled = path.join(__dirname, '..', '..', '..', 'dist', 'queue', 'lmdb', 'check-data.js');
    expect(await run(folder, ['list'], undefined, { check: (place) => checkReadable(place, compiled) })).toMatchObject({
      code: 1,
      output: '',
      complaints: matching(/^The stored events in .* are damaged \(.+\)\. Nothing was changed\. [^\n]*\n$/),
    });
  });
});

describe('the data folder', () => {
  it('is ./data where nothing else is said', async () => {
    const before = process.cwd();
    process.chdir(temporaryFolder());
    try {
      expect((await run(' ', ['list'])).complaints).toContain('There are no events in ./data');
    } finally {
      process.chdir(before);
    }
  });
});

describe('odd events', () => {
  it('are shown with why they still wait', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder, { clock: fakeClock(NOW) });
    await store.add([{ id: '1', page: 'me', conversation: 'c', timestamp: NOW, payload: {} }], 10);
    await store.due();
    await store.lease('me', 1, 0);
    await store.postpone('1', { delayMs: 0, reason: 'no answer', failed: true, mayBeSent: false });
    await store.close();
    expect((await run(folder, ['show', '1'])).output).toMatch(/state +waiting\nreason +no answer\n/);
  });

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

describe('the store', () => {
  it('is closed after a command, whether it could be carried out or not', async () => {
    const folder = await folderWithEvents();
    for (const args of [['list'], ['show', 'nobody']]) {
      await run(folder, args);
      const bot = await openLmdbStore(folder, { exclusive: true });
      await bot.close();
    }
    const opened = jest.spyOn(store, 'openLmdbStore');
    await run(folder, ['list']);
    const it = await (opened.mock.results[0]?.value as ReturnType<typeof openLmdbStore>);
    await expect(it.get('old')).rejects.toThrow();
  });

  it('is looked for in ./data where nothing names a folder', async () => {
    const before = process.cwd();
    process.chdir(temporaryFolder());
    try {
      expect((await run(undefined, ['list'])).complaints).toContain('There are no events in ./data');
    } finally {
      process.chdir(before);
    }
  });

  it('is not opened in a folder that may not be read: whose it is, is said', async () => {
    const folder = await folderWithEvents();
    jest.spyOn(fs, 'accessSync').mockImplementationOnce(() => {
      throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' });
    });
    expect(await run(folder, ['list'])).toMatchObject({
      code: 1,
      complaints: containing('cannot be read and written: EROFS'),
    });
  });
});

describe('what cannot be done', () => {
  it('is named: ten ids at most, and how many more', async () => {
    const folder = await folderWithMany(12);
    const nobody = {
      ...(await openLmdbStore(folder)),
      drop: () => Promise.resolve(false),
      close: () => Promise.resolve(),
    };
    const named = async (count: number) => {
      jest.spyOn(store, 'openLmdbStore').mockResolvedValueOnce(nobody);
      const ids = Array.from({ length: count }, (_, n) => `waits${n}`);
      return (await run(folder, ['drop', ...ids, '--yes'])).complaints;
    };
    expect(await named(10)).toMatch(/waits9, which/);
    expect(await named(11)).toMatch(/waits9 and 1 more, which/);
  });

  it('leaves standard output empty where nothing is to be shown', async () => {
    const folder = await folderWithEvents();
    expect(await run(folder, ['show', 'nobody'])).toMatchObject({ code: 1, output: '' });
    expect(await run(folder, ['show', 'nobody', '--json'])).toMatchObject({ code: 1, output: '' });
  });

  it('is an error of the system, too, not only of the data', async () => {
    const folder = await folderWithEvents();
    const open = await openLmdbStore(folder);
    const failing = {
      ...open,
      list: () => ({
        [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('EIO: i/o error')) }),
      }),
      drop: jest.fn(),
    };
    jest.spyOn(store, 'openLmdbStore').mockResolvedValueOnce(failing);
    expect(await run(folder, ['drop', '--all', '--yes'])).toMatchObject({
      code: 1,
      output: '',
      complaints: 'EIO: i/o error\n',
    });
    expect(failing.drop).not.toHaveBeenCalled();
  });
});

describe('npm run queue for one Page', () => {
  const florist = { id: '2', accessToken: 'a' };
  const file = () => writePages([{ id: '1', name: 'Bakery', accessToken: 'b', instagramId: '101' }, florist]);

  /** Events of two Pages, one that is older than the list, and one of an Instagram account. */
  async function folderOfPages(): Promise<string> {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder, { clock: fakeClock(NOW) });
    const event = (id: string, page: string, pageId?: string) => ({
      ...{ id, page, conversation: `c-${id}`, timestamp: NOW },
      payload: { pageId },
    });
    const events = [event('b', '1', '1'), event('i', '1', '101'), event('old', 'me', '1'), event('old-i', 'me', '101')];
    await store.add([...events, event('f', '2', '2'), event('x', 'unknown')], 10);
    await store.close();
    return folder;
  }
  const listed = async (page: string, env: Record<string, string> = {}) => {
    const { terminal, said } = scriptedTerminal(undefined, NOW);
    const args = ['list', '--json', '--page', page, '--data', await folderOfPages()];
    const code = await runQueueCommand(args, env, terminal);
    const { output, complaints } = said();
    return code === 0 ? (JSON.parse(output) as { id: string }[]).map(({ id }) => id) : complaints;
  };

  it('takes its name or its id, and has what came for its Instagram account, and before there was a list', async () => {
    const env = { PAGES_FILE: file() };
    await expect(listed('Bakery', env)).resolves.toEqual(['b', 'i', 'old', 'old-i']);
    await expect(listed('1', env)).resolves.toEqual(['b', 'i', 'old', 'old-i']);
    await expect(listed('2', env)).resolves.toEqual(['f']);
    await expect(listed('101', env)).resolves.toEqual(['i', 'old-i']);
  });

  it('takes an id also where there is no list, or where it is not on it', async () => {
    await expect(listed('1')).resolves.toEqual(['b', 'i', 'old']);
    await expect(listed('3', { PAGES_FILE: file() })).resolves.toEqual([]);
  });

  it('says that nobody has a name', async () => {
    for (const env of [{}, { PAGES_FILE: file() }]) {
      await expect(listed('Butcher', env)).resolves.toBe(
        'No Page has the name "Butcher" in PAGES_FILE. Give its id.\nSee: npm run queue -- --help\n',
      );
    }
  });

  it('goes with --all', async () => {
    const { terminal, said } = scriptedTerminal();
    await expect(runQueueCommand(['drop', 'b', '--page', '1'], {}, terminal)).resolves.toBe(1);
    expect(said().complaints).toMatch(/^--state, --conversation and --page go with --all\./);
  });
});
