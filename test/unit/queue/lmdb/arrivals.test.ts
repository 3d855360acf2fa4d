import fs from 'node:fs';
import path from 'node:path';
import nock from 'nock';
import { StoreError, StoreFormatError, type EventStore, type StoredEvent } from '../../../../src/queue/event-store';
import { createArrivals } from '../../../../src/queue/lmdb/arrivals';
import { encodeRecord, type EventRecord } from '../../../../src/queue/lmdb/record';
import { openLmdbStore } from '../../../../src/queue/lmdb/store';
import * as engine from '../../../../src/queue/lmdb/tables';
import { fakeClock } from '../../../support/fake-clock';
import { makeDisk } from '../../../support/full-disk';
import { signal } from '../../../support/signal';
import { temporaryFolder } from '../../../support/temporary-folder';

const { DATA_FILE, entries, openTables } = engine;
const HOUR = 3_600_000;
const NOW = 1_795_384_800_000;
const event = (id: string, payload: object = {}) => ({ id, page: 'p', conversation: id, timestamp: NOW, payload });
const logOf = (folder: string) => path.join(folder, 'arrived');
const waitingIn = async (store: EventStore): Promise<StoredEvent[]> => {
  const all: StoredEvent[] = [];
  for await (const one of store.list()) all.push(one);
  return all;
};

/** What is on the disk of a process that is killed now. */
function asAfterAKill(folder: string, files: readonly string[] = [DATA_FILE, 'arrived', 'ended']): string {
  const copy = temporaryFolder();
  for (const file of files) {
    if (fs.existsSync(path.join(folder, file))) fs.copyFileSync(path.join(folder, file), path.join(copy, file));
  }
  return copy;
}

/** The ids that wait in a folder once a bot has started on it. */
async function idsAfterAStart(folder: string, said: string[] = []): Promise<string[]> {
  const store = await openLmdbStore(folder, { exclusive: true, onDamage: (message) => said.push(message) });
  const ids = (await waitingIn(store)).map(({ id }) => id);
  await store.close();
  return ids;
}

/** A store of which nothing reaches the data file but by a change that cannot wait. */
async function opened(clock = fakeClock(NOW)) {
  const folder = temporaryFolder();
  const open = jest.spyOn(engine, 'openTables');
  const store = await openLmdbStore(folder, { exclusive: true, clock });
  return { folder, store, clock, tables: open.mock.results[0]?.value as engine.Tables };
}

beforeAll(() => {
  nock.restore(); // nock also looks at sockets
});
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('an event that has just come in', () => {
  it('is there after a kill, though the data file does not know it yet', async () => {
    const { folder, store } = await opened();
    await store.add([event('1', { text: 'ä👋\n' }), event('2')], 10);
    await store.add([event('3')], 10);
    const killed = asAfterAKill(folder);
    const withoutLog = asAfterAKill(folder, [DATA_FILE]);
    await store.close();
    await expect(idsAfterAStart(withoutLog)).resolves.toEqual([]);
    const restarted = await openLmdbStore(killed, { exclusive: true, clock: fakeClock(NOW) });
    await expect(waitingIn(restarted)).resolves.toMatchObject([
      { id: '1', payload: { text: 'ä👋\n' }, receivedAt: NOW, attempts: 0 },
      { id: '2' },
      { id: '3' },
    ]);
    await expect(restarted.add([event('2'), event('4')], 10)).resolves.toEqual({ added: 1, known: 1 });
    await expect(restarted.figures()).resolves.toMatchObject({ waiting: 4 });
    await restarted.due();
    expect((await restarted.lease('p', 9, 0)).map((lease) => lease.event.id).sort()).toEqual(['1', '2', '3', '4']);
    await restarted.close();
  });

  it('is flushed, and its file can be found again, before it counts as taken in', async () => {
    const flushed: (string | number)[] = [];
    const { folder, store } = await opened();
    const open = jest.spyOn(fs, 'openSync');
    jest.spyOn(fs, 'fsyncSync').mockImplementation((place) => flushed.push(place));
    const close = jest.spyOn(fs, 'closeSync');
    await store.add([event('1')], 10);
    expect(close.mock.calls).toEqual([[open.mock.results[1]?.value]]);
    const [file, flags] = open.mock.calls[0] ?? [];
    expect(file).toBe(logOf(folder));
    expect(Number(flags) & fs.constants.O_DSYNC).toBe(fs.constants.O_DSYNC);
    expect(open.mock.calls[1]?.[0]).toBe(folder);
    expect(flushed).toEqual([open.mock.results[1]?.value]);
    expect(fs.statSync(logOf(folder)).mode & 0o777).toBe(0o600);
    await store.close();
  });

  it('shares a flush with all that come while others are written', async () => {
    const { store } = await opened();
    await store.add([event('0')], 10);
    const writes = jest.spyOn(fs, 'write');
    await Promise.all(['1', '2', '3'].map((id) => store.add([event(id)], 10)));
    expect(writes).toHaveBeenCalledTimes(2);
    await store.close();
  });

  it('is known when it is delivered again, and counted once', async () => {
    const { store } = await opened();
    await store.add([event('1')], 1);
    await expect(store.add([event('1')], 1)).resolves.toEqual({ added: 0, known: 1 });
    await store.due();
    await expect(store.figures()).resolves.toMatchObject({ waiting: 1 });
    await store.close();
  });

  it('leaves only its id where it ends before the data file knows it', async () => {
    const { folder, store } = await opened();
    await store.add([event('1'), event('2')], 10);
    await store.due();
    await store.lease('p', 1, 0);
    await store.finish('1', false);
    const killed = asAfterAKill(folder);
    await expect(store.get('1')).resolves.toBeUndefined();
    await store.close();
    const tables = openTables(folder);
    expect([entries(tables.ids), entries(tables.records), entries(tables.done)]).toEqual([2, 1, 1]);
    await tables.root.close();
    await expect(idsAfterAStart(killed)).resolves.toEqual(['2']);
  });

  it('is not taken for a new one when its id was forgotten long ago', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    await store.due();
    await store.lease('p', 1, 0);
    await store.finish('1', false);
    await store.get('1');
    await expect(store.clean(NOW + 49 * HOUR, 10)).resolves.toBe(1);
    const killed = asAfterAKill(folder);
    await store.close();
    expect(fs.readFileSync(logOf(killed), 'utf8')).toContain('"id":"1"');
    await expect(idsAfterAStart(killed)).resolves.toEqual([]);
  });

  it('leaves no log behind when the bot stops', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    expect(fs.existsSync(logOf(folder))).toBe(true);
    await store.close();
    expect(fs.existsSync(logOf(folder))).toBe(false);
    await expect(idsAfterAStart(folder)).resolves.toEqual(['1']);
  });

  it('is refused while the data file cannot be written, and taken in again as soon as it can', async () => {
    const disk = makeDisk();
    const { store } = await opened();
    disk.isFull = true;
    await store.add([event('1')], 10); // nobody knows yet
    await expect(store.retry('x')).rejects.toThrow(StoreError);
    await expect(store.add([event('2')], 10)).rejects.toThrow(/^The events could not be stored: no space left$/);
    await expect(store.add([event('2')], 10)).rejects.toThrow(StoreError);
    disk.isFull = false;
    await expect(store.add([event('2')], 10)).resolves.toEqual({ added: 1, known: 0 });
    expect((await waitingIn(store)).map(({ id }) => id)).toEqual(['1', '2']);
    await store.close();
  });
});

describe('a change that is asked for while another one is written', () => {
  it('does not wait for a timer', async () => {
    const { store } = await opened(); // timers stand still
    const first = store.retry('x');
    await new Promise(setImmediate);
    const second = store.retry('y');
    await expect(Promise.all([first, second])).resolves.toEqual([false, false]);
    await store.close();
  });
});

describe('the log', () => {
  it.each<[string, (folder: string) => void, readonly string[], readonly RegExp[]]>([
    [
      'a last line that was cut off',
      (folder) => {
        fs.truncateSync(logOf(folder), fs.statSync(logOf(folder)).size - 1);
      },
      ['1', '2'],
      [],
    ],
    [
      'a line that has changed',
      (folder) => {
        fs.writeFileSync(logOf(folder), fs.readFileSync(logOf(folder), 'utf8').replace('"id":"2"', '"id":"x"'));
      },
      ['1', '3'],
      [/just come in has changed/],
    ],
    [
      'nothing but zeros, after a power cut',
      (folder) => {
        fs.writeFileSync(logOf(folder), Buffer.alloc(4_096));
      },
      [],
      [],
    ],
  ])('may have %s', async (_what, damage, ids, said) => {
    const { folder, store } = await opened();
    await store.add(
      ['1', '2', '3'].map((id) => event(id)),
      10,
    );
    const killed = asAfterAKill(folder);
    await store.close();
    damage(killed);
    const heard: string[] = [];
    await expect(idsAfterAStart(killed, heard)).resolves.toEqual(ids);
    expect(heard).toEqual(said.map((one) => expect.stringMatching(one) as string));
    await expect(idsAfterAStart(killed)).resolves.toEqual(ids);
  });

  it.each([
    [
      'fails',
      (done: (error: Error | null, count: number) => void) => {
        done(new Error('EIO: i/o error'), 0);
      },
      'EIO',
    ],
    [
      'is cut off by a full disk',
      (done: (error: Error | null, count: number) => void) => {
        done(null, 5);
      },
      'no space left',
    ],
  ])('keeps nothing of a write that %s', async (_how, end, message) => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    jest.spyOn(fs, 'write').mockImplementationOnce(((
      file: number,
      bytes: Buffer,
      _from: number,
      _length: number,
      at: number,
      done: () => void,
    ) => {
      fs.writeSync(file, bytes, 0, 5, at);
      end(done);
    }) as never);
    await expect(store.add([event('2')], 10)).rejects.toThrow(StoreError);
    const killed = asAfterAKill(folder);
    expect(fs.readFileSync(logOf(killed), 'utf8').split('\n')).toHaveLength(2);
    jest.spyOn(fs, 'write').mockImplementationOnce((...args: unknown[]) => {
      end(args.at(-1) as never);
    });
    await expect(store.add([event('3')], 10)).rejects.toThrow(message);
    await expect(store.add([event('2'), event('3')], 10)).resolves.toEqual({ added: 2, known: 0 });
    const heard: string[] = [];
    await expect(idsAfterAStart(asAfterAKill(folder), heard)).resolves.toEqual(['1', '2', '3']);
    expect(heard).toEqual([]);
    await store.close();
  });

  it('says why it cannot be opened, and goes on as soon as it can', async () => {
    const { folder, store } = await opened();
    fs.mkdirSync(logOf(folder));
    await expect(store.add([event('1')], 10)).rejects.toThrow(/could not be stored.*EISDIR/);
    fs.rmdirSync(logOf(folder));
    await expect(store.add([event('1')], 10)).resolves.toEqual({ added: 1, known: 0 });
    await store.close();
  });

  it('is made anew when it was removed alone', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    fs.rmSync(logOf(folder));
    await store.add([event('2')], 10);
    expect(fs.readFileSync(logOf(folder), 'utf8')).toContain('"id":"2"');
    await store.close();
    await expect(idsAfterAStart(folder)).resolves.toEqual(['1', '2']);
  });

  it('is emptied above 1 MiB, once the data file holds all that stands in it', async () => {
    const { folder, store } = await opened();
    const large = (id: string) => event(id, { text: 'x'.repeat(300_000) });
    for (const id of ['1', '2', '3', '4']) await store.add([large(id)], 10);
    expect(fs.statSync(logOf(folder)).size).toBeGreaterThan(1_200_000);
    const write = jest.spyOn(fs, 'write');
    let before: string | undefined;
    write.mockImplementationOnce((...args: Parameters<typeof fs.write>) => {
      before = asAfterAKill(folder);
      write.mockRestore();
      Reflect.apply(fs.write, fs, args);
    });
    await store.add([event('5')], 10);
    await expect(idsAfterAStart(String(before))).resolves.toEqual(['1', '2', '3', '4']);
    expect(fs.statSync(logOf(folder)).size).toBeLessThan(1_000);
    const killed = asAfterAKill(folder);
    await store.close();
    await expect(idsAfterAStart(killed)).resolves.toEqual(['1', '2', '3', '4', '5']);
  });

  it('is not emptied while the data file cannot be written', async () => {
    const { folder, store, tables } = await opened();
    for (const id of ['1', '2', '3', '4']) await store.add([event(id, { text: 'x'.repeat(300_000) })], 10);
    jest.spyOn(tables.root, 'transaction').mockRejectedValueOnce(new Error('no space left'));
    await expect(store.add([event('5')], 10)).rejects.toThrow(/^The events could not be stored: no space left$/);
    await expect(idsAfterAStart(asAfterAKill(folder))).resolves.toEqual(['1', '2', '3', '4']);
    await store.close();
  });

  it('is closed only when nothing is written any more', async () => {
    const folder = temporaryFolder();
    const isReady = signal();
    const arrivals = createArrivals(folder, {
      ready: () => isReady.sent,
      settle: jest.fn(),
      emptied: jest.fn(),
      removed: jest.fn(),
    });
    const written = jest.fn();
    const writing = arrivals.write(['a', 'b'], written);
    const closing = arrivals.rest().then(() => {
      arrivals.close(true);
    });
    isReady.send();
    await Promise.all([writing, closing]);
    expect(written).toHaveBeenCalledTimes(1);
    expect(arrivals.left()).toEqual(['a', 'b']);
    arrivals.forgetLeft();
    expect(arrivals.left()).toEqual([]);
  });

  it('goes to where the folder is, once it has moved', async () => {
    const folder = temporaryFolder();
    const arrivals = createArrivals(folder, {
      ready: () => Promise.resolve(),
      settle: jest.fn(),
      emptied: jest.fn(),
      removed: jest.fn(),
    });
    await arrivals.write(['a'], jest.fn());
    fs.renameSync(folder, `${folder}.away`);
    fs.mkdirSync(folder);
    arrivals.check();
    await arrivals.write(['b'], jest.fn());
    expect(arrivals.left()).toEqual(['b']);
    arrivals.close(false);
    fs.rmSync(`${folder}.away`, { recursive: true });
  });

  it('goes on behind what it finds, and on a file system that cannot flush folders', async () => {
    const folder = temporaryFolder();
    fs.writeFileSync(logOf(folder), '\na');
    jest.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw new Error('EINVAL');
    });
    const arrivals = createArrivals(folder, {
      ready: () => Promise.resolve(),
      settle: jest.fn(),
      emptied: jest.fn(),
      removed: jest.fn(),
    });
    await arrivals.write(['b'], jest.fn());
    expect(arrivals.left()).toEqual(['a', 'b']);
    arrivals.close(false);
    expect(arrivals.left()).toEqual([]);
    const open = fs.openSync.bind(fs);
    jest.spyOn(fs, 'openSync').mockImplementation((place, ...rest) => {
      if (place === folder) throw new Error('EACCES');
      return open(place, ...rest);
    });
    await arrivals.write(['c'], jest.fn());
    expect(arrivals.left()).toEqual(['c']);
    arrivals.close(false);
  });

  it('is not taken for empty when it cannot be read: the start is refused, and nothing is lost', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    const killed = asAfterAKill(folder);
    await store.close();
    const real = fs.readFileSync;
    const read = jest.spyOn(fs, 'readFileSync').mockImplementation((file, options) => {
      if (!String(file).endsWith('arrived')) return real(file, options);
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    });
    const start = openLmdbStore(killed, { exclusive: true });
    await expect(start).rejects.toThrow(/arrived cannot be read \(EACCES.*Nothing was changed/);
    await expect(start).rejects.toThrow(StoreFormatError);
    read.mockRestore();
    await expect(idsAfterAStart(killed)).resolves.toEqual(['1']); // the folder was given up, too
  });

  it('is shown to an operator, while the bot that was killed has not started again', async () => {
    const { folder, store } = await opened();
    await store.add([event('1'), event('2')], 10);
    const killed = asAfterAKill(folder);
    await store.close();
    const operator = await openLmdbStore(killed);
    expect((await waitingIn(operator)).map(({ id }) => id)).toEqual(['1', '2']);
    await expect(operator.get('2')).resolves.toMatchObject({ id: '2', state: 'waiting' });
    await expect(operator.get('3')).resolves.toBeUndefined();
    await operator.close();
    await expect(idsAfterAStart(killed)).resolves.toEqual(['1', '2']);
  });

  it('is shown beside one that has changed on disk, to somebody who does not ask for such', async () => {
    const { folder, store } = await opened();
    await store.add([event('1', { text: 'hello' }), event('2')], 10);
    const killed = asAfterAKill(folder);
    await store.close();
    fs.writeFileSync(logOf(killed), fs.readFileSync(logOf(killed), 'utf8').replace('hello', 'hullo'));
    const operator = await openLmdbStore(killed);
    expect((await waitingIn(operator)).map(({ id }) => id)).toEqual(['2']);
    await operator.close();
  });

  it('is shown once, also when the bot starts while an operator looks', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    await store.get('1'); // the data file knows this one
    await store.add([event('2')], 10);
    const killed = asAfterAKill(folder);
    await store.close();
    const operator = await openLmdbStore(killed);
    const seen: string[] = [];
    for await (const { id } of operator.list()) {
      if (seen.length === 0) await idsAfterAStart(killed);
      seen.push(id);
    }
    expect(seen).toEqual(['1', '2']);
    await operator.close();
  });

  it('is put aside where its data file is gone: what stands in it may have been answered long ago', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    const killed = asAfterAKill(folder, ['arrived']);
    await store.close();
    const said: string[] = [];
    await expect(idsAfterAStart(killed, said)).resolves.toEqual([]);
    expect(said).toEqual([expect.stringMatching(/without its data file; it is now .*arrived\.found-\d+/)]);
    await expect(idsAfterAStart(killed, said)).resolves.toEqual([]);
    expect(said).toHaveLength(1);
  });

  it('that was renamed is found out within a second', async () => {
    const { folder, store, clock } = await opened();
    await store.add([event('1')], 10);
    fs.renameSync(logOf(folder), `${logOf(folder)}.old`);
    await clock.pass(1_000);
    await store.due();
    await store.add([event('2')], 10);
    expect(fs.readFileSync(logOf(folder), 'utf8')).toContain('"id":"2"');
    await store.close();
  });

  it('that was emptied by somebody else is written from its beginning', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    fs.truncateSync(logOf(folder), 0);
    await store.add([event('2')], 10);
    await store.add([event('3')], 10);
    const killed = asAfterAKill(folder, ['arrived', DATA_FILE]);
    await store.close();
    const said: string[] = [];
    await expect(idsAfterAStart(killed, said)).resolves.toEqual(['2', '3']);
    expect(said).toEqual([]);
  });

  it('may hold an event twice', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    const killed = asAfterAKill(folder);
    await store.close();
    const line = fs.readFileSync(logOf(killed), 'utf8');
    const again = JSON.parse(line.slice(10)) as EventRecord;
    fs.appendFileSync(logOf(killed), `\n${encodeRecord({ ...again, sequence: 2 })}`);
    await expect(idsAfterAStart(killed)).resolves.toEqual(['1']);
    const tables = openTables(killed);
    expect([entries(tables.ids), entries(tables.records)]).toEqual([1, 1]);
    await tables.root.close();
  });

  it('is cut before the next write where it could not be cut after a failed one', async () => {
    const { folder, store } = await opened();
    await store.add([event('1')], 10);
    jest.spyOn(fs, 'ftruncateSync').mockImplementationOnce(() => {
      throw new Error('EIO: truncate');
    });
    jest.spyOn(fs, 'write').mockImplementationOnce(((file: number, bytes: Buffer, ...rest: unknown[]) => {
      fs.writeSync(file, bytes, 0, bytes.length, rest[2] as number);
      (rest[3] as (error: Error) => void)(new Error('EIO: write'));
    }) as never);
    await expect(store.add([event('2', { text: 'long'.repeat(100) })], 10)).rejects.toThrow('EIO');
    await store.add([event('3')], 10);
    const killed = asAfterAKill(folder);
    await store.close();
    await expect(idsAfterAStart(killed)).resolves.toEqual(['1', '3']);
  });

  it('is kept when the bot stops while the data file cannot be written, also what comes in last', async () => {
    const disk = makeDisk();
    const { folder, store } = await opened();
    const adding = store.add([event('1')], 10);
    disk.isFull = true;
    const closing = store.close();
    await Promise.all([adding, closing]);
    expect(fs.readFileSync(logOf(folder), 'utf8')).toContain('"id":"1"');
  });
});
