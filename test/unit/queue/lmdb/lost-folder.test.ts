import fs from 'node:fs';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import promises from 'node:fs/promises';
import path from 'node:path';
import nock from 'nock';
import { StoreError, type EventStore } from '../../../../src/queue/event-store';
import { checkData } from '../../../../src/queue/lmdb/check-data';
import { openDataFile } from '../../../../src/queue/lmdb/data-file';
import { FolderInUseError } from '../../../../src/queue/lmdb/folder-lock';
import { openLmdbStore } from '../../../../src/queue/lmdb/store';
import * as engine from '../../../../src/queue/lmdb/tables';
import { DATA_FILE, type Tables } from '../../../../src/queue/lmdb/tables';
import { fakeClock } from '../../../support/fake-clock';
import { temporaryFolder } from '../../../support/temporary-folder';

const NOW = 1_795_384_800_000;
const event = (id: string, conversation = 'a') => ({ id, page: 'p', conversation, timestamp: NOW, payload: {} });
const program = path.join(__dirname, '..', '..', '..', '..', 'dist', 'queue', 'lmdb', 'check-data.js');
const check = async (folder: string) => {
  const { readable, whole } = checkData(folder, program);
  await readable;
  return whole;
};
const ids = async (store: EventStore): Promise<string[]> => {
  const all: string[] = [];
  for await (const { id } of store.list()) all.push(id);
  return all.sort();
};
/** The ids that are found in a folder once the process is gone. */
const found = async (folder: string): Promise<string[]> => {
  const store = await openLmdbStore(folder);
  const all = await ids(store);
  await store.close();
  return all;
};
async function opened(options: { onMended?: (message: string) => void } = {}) {
  const folder = temporaryFolder();
  const clock = fakeClock(NOW);
  const open = jest.spyOn(engine, 'openTables');
  const store = await openLmdbStore(folder, { clock, exclusive: true, ...options });
  const [result] = open.mock.results;
  return {
    folder,
    clock,
    store,
    tables: result?.value as Tables,
    /** The look that the queue takes once a second. */
    look: async () => {
      await clock.pass(1_000);
      await store.due();
    },
  };
}
const sockets = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.sock'));

beforeAll(() => {
  nock.restore(); // nock also looks at sockets
});
afterEach(() => {
  jest.restoreAllMocks();
});

async function folderWith(id: string): Promise<string> {
  const folder = temporaryFolder();
  const store = await openLmdbStore(folder);
  await store.add([event(id)], 100);
  await store.close();
  return folder;
}

describe('the data folder of a running process', () => {
  it('may be removed under a running process: nothing that was acknowledged is lost', async () => {
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(folder, { clock, exclusive: true });
    await store.add([event('before')], 100);
    rmSync(folder, { recursive: true });
    await store.add([event('within the second')], 100);
    await clock.pass(1_000);
    await store.due();
    expect(existsSync(path.join(folder, DATA_FILE))).toBe(true);
    await store.add([event('later')], 100);
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
    expect(await found(folder)).toEqual(['before', 'later', 'within the second']);
  });

  it('may lose its data file alone, without the lock beside it: the bot goes on', async () => {
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(folder, { clock, exclusive: true });
    await store.add([event('before')], 100);
    rmSync(path.join(folder, DATA_FILE));
    await clock.pass(1_000);
    await store.due();
    await expect(store.add([event('after', 'b')], 100)).resolves.toEqual({ added: 1, known: 0 });
    expect((await store.lease('p', 2, 0)).map((lease) => lease.event.id)).toEqual(['before', 'after']);
    await store.close();
  });

  it('may have its file replaced by another: what was acknowledged goes back into its place', async () => {
    const other = await folderWith('of somebody else');
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(folder, { clock, exclusive: true });
    await store.add([event('mine')], 100);
    rmSync(path.join(folder, DATA_FILE));
    copyFileSync(path.join(other, DATA_FILE), path.join(folder, DATA_FILE));
    rmSync(path.join(folder, `${DATA_FILE}-lock`), { force: true });
    await clock.pass(1_000);
    await store.due();
    await store.close();
    expect(await found(folder)).toEqual(['mine']);
  });

  it('keeps what was stored last when it is removed and the process ends before it has looked', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder, { exclusive: true });
    await store.add([event('1')], 100);
    rmSync(folder, { recursive: true });
    await store.close();
    expect(await found(folder)).toEqual(['1']);
  });

  it('can be closed when its place is taken', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder, { exclusive: true });
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file in its place');
    await expect(store.close()).resolves.toBeUndefined();
    rmSync(folder);
  });

  it('says so when it cannot be written any more', async () => {
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(folder, { clock, exclusive: true });
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file in its place');
    await clock.pass(1_000);
    await expect(store.due()).rejects.toThrow();
    await expect(store.add([event('1')], 100)).rejects.toThrow(StoreError);
    rmSync(folder);
    mkdirSync(folder);
    await store.add([event('2')], 100);
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
  });

  it('may be removed under load: what is under way then is not lost either', async () => {
    const { folder, store, look } = await opened();
    const stored: string[] = [];
    let isOver = false;
    const load = async (who: number) => {
      for (let n = 0; !isOver; n += 1) {
        const [one] = [event(`${who}/${n}`, `${who}/${n}`)];
        await store.add([one], 100_000);
        stored.push(one.id);
      }
    };
    const loads = Promise.all([0, 1, 2, 3].map(load));
    for (let round = 0; round < 10; round += 1) {
      rmSync(path.join(folder, DATA_FILE));
      await look();
    }
    isOver = true;
    await loads;
    await store.close();
    expect(await found(folder)).toEqual(stored.sort());
  });

  it('stays this process’s own when it was removed', async () => {
    const { folder, store, look } = await opened();
    rmSync(folder, { recursive: true });
    await look();
    await expect(openLmdbStore(folder, { exclusive: true })).rejects.toThrow(FolderInUseError);
    expect(sockets(folder)).toHaveLength(1);
    await store.close();
    expect(sockets(folder)).toEqual([]);
  });

  it('is claimed anew whatever a bot that was killed has left in its place', async () => {
    const { folder, store, look } = await opened();
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'owner-00000000.sock'), '');
    await look();
    await expect(openLmdbStore(folder, { exclusive: true })).rejects.toThrow(FolderInUseError);
    await store.close();
  });

  it('is left to another bot that has begun in its place: nothing is taken in or begun any more', async () => {
    const { folder, store, look } = await opened();
    await store.add([event('mine')], 100);
    renameSync(folder, `${folder}.away`);
    const other = await openLmdbStore(folder, { exclusive: true });
    await other.add([event('of the other')], 100);
    await expect(look()).rejects.toThrow(/Another bot/);
    await expect(store.add([event('later')], 100)).rejects.toThrow(/Another bot/);
    await expect(ids(other)).resolves.toEqual(['of the other']);
    await other.close();
    await look(); // the other one has left: what it has stored is kept beside
    await store.add([event('again')], 100);
    await store.close();
    expect(await found(folder)).toEqual(['again', 'mine']);
    expect(readdirSync(folder).filter((name) => name.includes('.found-'))).toHaveLength(1);
    rmSync(`${folder}.away`, { recursive: true });
  });

  it('is not written anew by whoever only looks into it', async () => {
    const folder = await folderWith('1');
    const operator = await openLmdbStore(folder);
    rmSync(folder, { recursive: true });
    await expect(operator.due()).rejects.toThrow('removed or replaced meanwhile; try again');
    await operator.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('keeps what stands in the place of the lost file until the whole copy is written, and leaves no half one', async () => {
    const said: string[] = [];
    const { folder, store, look, tables } = await opened({ onMended: (message) => said.push(message) });
    await store.add([event('mine')], 100);
    const other = await folderWith('of somebody else');
    rmSync(path.join(folder, DATA_FILE));
    copyFileSync(path.join(other, DATA_FILE), path.join(folder, DATA_FILE));
    jest.spyOn(tables.root, 'backup').mockImplementationOnce((place) => {
      writeFileSync(place, 'half of it');
      return Promise.reject(new Error('no space left on device'));
    });
    await expect(look()).rejects.toThrow('no space left');
    expect(readdirSync(folder).filter((name) => name.startsWith(`${DATA_FILE}.`))).toEqual([]);
    expect(said).toEqual([]);
    await look();
    expect(said).toEqual([expect.stringMatching(/was replaced; it is back, .*found-\d+$/)]);
    await store.close();
    expect(await found(folder)).toEqual(['mine']);
  });

  it('takes log and notes along when it is written anew, whoever found out', async () => {
    const { folder, store } = await opened();
    await store.add([event('a', 'a')], 100);
    await store.due();
    await store.lease('p', 1, 0);
    await store.finish('a', false); // opens the notes
    rmSync(folder, { recursive: true });
    await store.add([event('b', 'b')], 100); // finds out
    await store.due();
    await store.lease('p', 1, 0);
    await store.finish('b', false);
    expect(readFileSync(path.join(folder, 'ended'), 'latin1')).toBe('\nb 2');
    expect(readFileSync(path.join(folder, 'arrived'), 'utf8')).toContain('"id":"b"');
    await store.close();
  });

  it('leaves no file open, neither there nor where it was before', async () => {
    const open = jest.spyOn(fs, 'openSync');
    const close = jest.spyOn(fs, 'closeSync');
    const { folder, store, look } = await opened();
    for (const id of ['a', 'b']) {
      await store.add([event(id, id)], 100);
      await store.due();
      await store.lease('p', 1, 0);
      await store.finish(id, false);
      rmSync(folder, { recursive: true });
      await look();
    }
    await store.close();
    const files = open.mock.results.map(({ value }) => Number(value));
    expect(files.length).toBeGreaterThan(4);
    expect(close.mock.calls.map(([file]) => file).sort()).toEqual(files.sort());
  });

  it('takes along what has not reached the data file yet when it is renamed', async () => {
    const { folder, store, look } = await opened();
    await store.add([event('a')], 100);
    renameSync(folder, `${folder}.away`);
    await store.add([event('b')], 100); // into the renamed folder's log
    await look();
    const killed = temporaryFolder();
    copyFileSync(path.join(folder, DATA_FILE), path.join(killed, DATA_FILE));
    await store.add([event('c')], 100);
    expect(readFileSync(path.join(folder, 'arrived'), 'utf8')).toContain('"id":"c"');
    await store.close();
    expect(await found(killed)).toEqual(['a', 'b']);
    rmSync(`${folder}.away`, { recursive: true });
  });

  it('is written anew once, however many find out at the same time', async () => {
    const said: string[] = [];
    const { folder, store, clock } = await opened({ onMended: (message) => said.push(message) });
    await store.add([event('a')], 100);
    for (let round = 0; round < 5; round += 1) {
      rmSync(folder, { recursive: true });
      await clock.pass(1_000);
      await Promise.all([store.add([event(`b${round}`)], 100), store.due(), store.add([event(`c${round}`)], 100)]);
    }
    expect(said).toEqual(Array.from({ length: 5 }, () => 'the data file was removed; it is back'));
    expect(readdirSync(folder).filter((name) => name.includes('.found-'))).toEqual([]);
    await store.close();
  });

  it('is not written anew for a look that began before it was', async () => {
    const folder = temporaryFolder();
    const moved = jest.fn();
    const file = openDataFile(folder, { say: jest.fn(), moving: jest.fn(), moved });
    rmSync(path.join(folder, DATA_FILE));
    let answer: (error: Error) => void = () => undefined;
    jest.spyOn(promises, 'stat').mockImplementationOnce(() => new Promise((_resolve, reject) => (answer = reject)));
    const slow = file.check();
    await file.check();
    answer(new Error('ENOENT'));
    await slow;
    expect(moved).toHaveBeenCalledTimes(1);
    await file.close();
  });

  it('is left alone by a bot that stops after another one has begun in its place', async () => {
    const { folder, store } = await opened();
    await store.add([event('mine', 'a')], 100);
    await store.due();
    await store.lease('p', 1, 0);
    await store.finish('mine', false);
    renameSync(folder, `${folder}.away`);
    const other = await openLmdbStore(folder, { exclusive: true });
    await other.add([event('of the other', 'b')], 100);
    await other.due();
    await other.lease('p', 1, 0);
    await other.finish('of the other', false);
    await store.close();
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['arrived', 'ended']));
    await other.close();
    rmSync(`${folder}.away`, { recursive: true });
  });
});
