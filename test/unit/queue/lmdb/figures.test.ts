import fs from 'node:fs';
import { StoreError } from '../../../../src/queue/event-store';
import { openLmdbStore } from '../../../../src/queue/lmdb/store';
import { openTables } from '../../../../src/queue/lmdb/tables';
import { makeDisk } from '../../../support/full-disk';
import { temporaryFolder } from '../../../support/temporary-folder';

const event = (id: string) => ({ id, page: 'p', conversation: id, timestamp: 1_795_384_800_000, payload: {} });

afterEach(() => {
  jest.restoreAllMocks();
});

describe('what is told of damaged events', () => {
  it('is nothing: whoever comes to them speaks of them', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder);
    await store.add(['1', '2', '3'].map(event), 10);
    await store.due();
    await store.lease('p', 3, 0);
    await store.setAside('1', 'refused', false);
    await store.setAside('2', 'refused', false);
    await store.postpone('3', { reason: 'r', failed: true, mayBeSent: false, delayMs: 1_000 });
    const tables = openTables(folder);
    await tables.records.put(1, 'damaged');
    await tables.records.put(3, 'damaged');
    await tables.root.close();
    const { delayed, setAside } = await store.troubled(10);
    expect(delayed).toEqual([]);
    expect(setAside.map(({ id }) => id)).toEqual(['2']);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 1, setAside: 2, oldestSince: undefined });
    await store.close();
  });
});

describe('what is told of an event that an operator has just dropped', () => {
  it('is nothing, also before the bot has seen it', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder);
    await store.add(['1'].map(event), 10);
    await store.due();
    await store.lease('p', 1, 0);
    await store.postpone('1', { reason: 'r', failed: true, mayBeSent: false, delayMs: 1_000 });
    const operator = await openLmdbStore(folder);
    await operator.drop('1');
    await operator.close();
    await new Promise((resolve) => setImmediate(resolve)); // what is read next is what the file holds now
    expect((await store.troubled(10)).delayed).toEqual([]);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 1, oldestSince: undefined });
    await store.close();
  });
});

describe('a probe', () => {
  it('finds that the data file cannot be written to, and that it can be again', async () => {
    const disk = makeDisk();
    const store = await openLmdbStore(temporaryFolder());
    disk.isFull = true;
    await expect(store.probe()).rejects.toThrow(StoreError);
    await expect(store.probe()).rejects.toThrow(/no space left/);
    disk.isFull = false;
    await expect(store.probe()).resolves.toBeUndefined();
    await store.close();
  });

  it('finds that the log has no room for as much as an event takes', async () => {
    const store = await openLmdbStore(temporaryFolder());
    const write = jest.spyOn(fs, 'write');
    const room = 4_095;
    write.mockImplementation((...args: unknown[]) => {
      const [, bytes] = args as [number, Buffer];
      const told = args.at(-1) as (error: Error | null, count: number) => void;
      told(null, Math.min(bytes.length, room));
    });
    await expect(store.probe()).rejects.toThrow(new StoreError('Nothing can be stored: no space left on device'));
    await store.close();
  });
});
