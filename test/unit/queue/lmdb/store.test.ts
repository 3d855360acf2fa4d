import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import path from 'node:path';
import { open } from 'lmdb';
import { StoreFormatError, type EventStore, type StoredEvent } from '../../../../src/queue/event-store';
import { checkData, findDamage, findUnreadable } from '../../../../src/queue/lmdb/check-data';
import { FolderInUseError, claimFolder } from '../../../../src/queue/lmdb/folder-lock';
import * as leftLines from '../../../../src/queue/lmdb/left-lines';
import { putDown } from '../../../../src/queue/lmdb/parts';
import { DamagedRecordError, decodeRecord, encodeRecord, type EventRecord } from '../../../../src/queue/lmdb/record';
import { openLmdbStore } from '../../../../src/queue/lmdb/store';
import { Schedule } from '../../../../src/queue/lmdb/schedule';
import * as engine from '../../../../src/queue/lmdb/tables';
import { DATA_FILE, FORMAT, entries, openTables } from '../../../../src/queue/lmdb/tables';
import { carryingContract } from '../../../contract/carrying';
import { eventStoreContract } from '../../../contract/event-store';
import type { Clock } from '../../../../src/process/clock';
import { fakeClock } from '../../../support/fake-clock';
import { makeDisk } from '../../../support/full-disk';
import { temporaryFolder } from '../../../support/temporary-folder';

const NOW = 1_795_384_800_000;
const event = (id: string, conversation = 'a') => ({
  id,
  page: 'p',
  conversation,
  timestamp: NOW,
  payload: { text: 'hi' },
});
const late: EventRecord = {
  ...event('late'),
  ...{ sequence: 2, state: 'waiting', receivedAt: NOW, attempts: 0, uncertain: 0, calls: [] },
};
const program = path.join(__dirname, '..', '..', '..', '..', 'dist', 'queue', 'lmdb', 'check-data.js');
const check = async (folder: string) => {
  const { readable, whole } = checkData(folder, program);
  await readable;
  return whole;
};
const listed = async (store: EventStore): Promise<StoredEvent[]> => {
  const all: StoredEvent[] = [];
  for await (const one of store.list()) all.push(one);
  return all;
};

/** A store, and what lets it see at once what others have written; by itself it does so some milliseconds later. */
async function openedToLook(folder: string, options: Parameters<typeof openLmdbStore>[1] = {}) {
  const opening = jest.spyOn(engine, 'openTables').mockClear();
  const store = await openLmdbStore(folder, options);
  const { root } = opening.mock.results[0]?.value as engine.Tables;
  return {
    store,
    look: () => {
      root.resetReadTxn();
    },
  };
}

const openAsBot = (folder: string, clock: Clock) => openLmdbStore(folder, { clock, exclusive: true });
eventStoreContract('LMDB', openAsBot, temporaryFolder);
carryingContract(
  'LMDB',
  openAsBot,
  (folder, clock) => openLmdbStore(folder, { clock, exclusive: true, isMoving: true }),
  temporaryFolder,
);

async function folderWith(...ids: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  const store = await openLmdbStore(folder);
  await store.add(
    ids.map((id) => event(id)),
    10_000,
  );
  await store.close();
  return folder;
}

describe('how long the oldest event has waited', () => {
  it('is known once all that waited at the start are read, whatever has come in before', async () => {
    const HOUR = 3_600_000;
    const clock = fakeClock(NOW);
    const folder = temporaryFolder();
    const before = await openAsBot(folder, clock);
    await before.add([event('e1')], 10);
    await before.close();
    await clock.pass(HOUR);
    const store = await openAsBot(folder, clock);
    await store.add([event('e2', 'b')], 10);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 2, oldestSince: undefined });
    await store.due();
    await expect(store.figures()).resolves.toMatchObject({ waiting: 2, oldestSince: NOW });
    await store.close();
  });
});

describe('the data folder', () => {
  it('says from the beginning in which form it stores', async () => {
    const tables = openTables(await folderWith());
    expect(tables.meta.get('format')).toBe(3);
    await tables.root.close();
  });

  it('is refused when a newer version has written there, and left as it is', async () => {
    const folder = await folderWith('1');
    const tables = openTables(folder);
    await tables.meta.put('format', FORMAT + 1);
    await tables.root.close();
    await expect(openLmdbStore(folder)).rejects.toThrow(StoreFormatError);
    await expect(openLmdbStore(folder)).rejects.toThrow(/newer version.*DATA_DIR/);
  });

  it('gives back its schedule after a restart, however many wait, and takes in new ones meanwhile', async () => {
    const folder = await folderWith(...Array.from({ length: 450 }, (_, n) => `e${n}`));
    const store = await openLmdbStore(folder);
    const due = store.due();
    await store.add([event('new', 'b')], 1_000);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 451 });
    await due;
    await expect(store.figures()).resolves.toMatchObject({ waiting: 451 });
    const leases = await store.lease('p', 9, 9);
    expect(leases.map((lease) => lease.event.id).sort()).toEqual(['e0', 'new']);
    await store.close();
  });

  it('goes on with its schedule from where it could not be read, without counting anything twice', async () => {
    const folder = await folderWith(...Array.from({ length: 450 }, (_, n) => `e${n}`));
    const opened = jest.spyOn(engine, 'openTables').mockClear();
    const store = await openLmdbStore(folder);
    const { records } = opened.mock.results[0]?.value as engine.Tables;
    const first = [...records.getKeys({ limit: 200 })];
    const keys = jest.spyOn(records, 'getKeys').mockReturnValueOnce(first as never);
    keys.mockImplementationOnce(() => {
      throw new Error('unreadable');
    });
    await expect(store.due()).rejects.toThrow('unreadable');
    await expect(store.add([event('new', 'b')], 1_000)).rejects.toThrow(/what waits cannot be read/);
    await expect(store.due()).resolves.toEqual([{ page: 'p', first: 0, repeated: undefined }]);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 450 });
    await expect(store.add([event('e1')], 1_000)).resolves.toEqual({ added: 0, known: 1 });
    const drained: string[] = [];
    await store.lease('p', 1, 0);
    for (let next: string | undefined = 'e0'; next;) {
      drained.push(next);
      next = (await store.finish(next, true))?.id;
    }
    expect(drained).toHaveLength(450);
    await store.close();
  });

  it('does not say that too many wait where it cannot be read how many are new', async () => {
    const opened = jest.spyOn(engine, 'openTables').mockClear();
    const store = await openLmdbStore(await folderWith('1'));
    const { records } = opened.mock.results.at(-1)?.value as engine.Tables;
    jest.spyOn(records, 'getKeys').mockImplementation(() => {
      throw new Error('unreadable');
    });
    await expect(store.add([event('2')], 1)).rejects.toThrow(/what waits cannot be read/);
    await store.close();
  });

  it('can be closed while what waits cannot be read', async () => {
    const opened = jest.spyOn(engine, 'openTables').mockClear();
    const store = await openLmdbStore(await folderWith('1'));
    const { records } = opened.mock.results.at(-1)?.value as engine.Tables;
    jest.spyOn(records, 'getKeys').mockImplementation(() => {
      throw new Error('unreadable');
    });
    const due = store.due();
    const closing = store.close();
    await expect(due).rejects.toThrow('unreadable');
    await expect(closing).resolves.toBeUndefined();
  });

  it('writes nothing where there is nothing to clean up', async () => {
    const opened = jest.spyOn(engine, 'openTables').mockClear();
    const store = await openLmdbStore(temporaryFolder());
    const { root } = opened.mock.results[0]?.value as engine.Tables;
    const transactions = jest.spyOn(root, 'transaction');
    await expect(store.clean(NOW, 10)).resolves.toBe(0);
    expect(transactions).not.toHaveBeenCalled();
    await store.close();
  });

  it('reads an event that is too large to be kept at hand', async () => {
    const store = await openLmdbStore(temporaryFolder());
    const payload = { text: 'x'.repeat(10_000) };
    await store.add([{ ...event('1'), payload }], 10);
    await store.due();
    const [lease] = await store.lease('p', 1, 0);
    expect(lease?.event.payload).toEqual(payload);
    await store.close();
  });
});

describe('beside another process', () => {
  it('notices within a second what an operator has put back or dropped', async () => {
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(folder, { clock });
    await store.add([event('1', 'a'), event('2', 'b'), event('3', 'c')], 100);
    await store.due();
    await store.lease('p', 1, 0);
    await store.setAside('1', 'refused', false);
    const operator = await openLmdbStore(folder, { clock });
    await operator.retry('1');
    await operator.drop('2');
    await operator.close();
    await clock.pass(1_000);
    await store.due();
    const leases = await store.lease('p', 9, 9);
    expect(leases.map((lease) => lease.event.id).sort()).toEqual(['1', '3']);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 2 });
    await store.close();
    const tables = openTables(folder);
    expect([...tables.changed.getKeys()]).toEqual([]);
    await tables.root.close();
  });
});

describe('an operator who asks for an event', () => {
  it('is told of what the system says, as it says it', async () => {
    const opening = jest.spyOn(engine, 'openTables').mockClear();
    const store = await openLmdbStore(await folderWith('1'));
    const { records } = opening.mock.results.at(-1)?.value as engine.Tables;
    jest.spyOn(records, 'get').mockImplementationOnce(() => {
      throw new Error('MDB_CORRUPTED');
    });
    await expect(store.get('1')).rejects.toThrow(/^MDB_CORRUPTED$/);
    await store.close();
  });
});

describe('a list for an operator', () => {
  it.each([
    ['puts down what the log of a killed one holds', 'ended', [encodeRecord(late)]],
    ['has put the log down, and emptied it', 'arrived', []],
  ])('holds an event once, when the bot meanwhile %s', async (_what, reads, log) => {
    const folder = await folderWith('1');
    const operator = await openLmdbStore(folder);
    jest.spyOn(leftLines, 'readLeft').mockImplementation((file) => {
      if (file.endsWith(reads)) {
        const tables = openTables(folder);
        tables.root.transactionSync(() => {
          putDown(tables, [{ record: late, text: encodeRecord(late) }], new Set(), NOW);
        });
        void tables.root.close();
      }
      return file.endsWith('arrived') ? log : [];
    });
    expect((await listed(operator)).map(({ id }) => id)).toEqual(['1', 'late']);
    await operator.close();
  });

  it('keeps no view of the file while the operator reads: the file would grow', async () => {
    const opening = jest.spyOn(engine, 'openTables').mockClear();
    const store = await openLmdbStore(await folderWith('1', '2'));
    const { root, records } = opening.mock.results.at(-1)?.value as engine.Tables;
    const [reads, views] = [jest.spyOn(records, 'getRange'), jest.spyOn(root, 'resetReadTxn')];
    const list = store.list()[Symbol.asyncIterator]();
    await list.next();
    const [read, view] = [reads, views].map(({ mock }) => mock.invocationCallOrder.at(-1));
    expect(view).toBeGreaterThan(Number(read));
    await store.close();
  });
});

describe('a look at the folder', () => {
  it('is taken once a second, however often somebody asks what is due', async () => {
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(temporaryFolder(), { clock });
    const looks = jest.spyOn(promises, 'stat');
    for (let n = 0; n < 5; n += 1) await store.due();
    await clock.pass(999);
    await store.due();
    const before = looks.mock.calls.length;
    await clock.pass(1);
    await store.due();
    expect([before, looks.mock.calls.length]).toEqual([2, 4]);
    await store.close();
  });
});

describe('beside an operator who puts very many back', () => {
  /** A store beside 600 events that were put back in another process. */
  const beside = async () => {
    const disk = makeDisk();
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(folder, { clock });
    const ids = Array.from({ length: 600 }, (_, n) => `e${n}`);
    await store.add(
      ids.map((id) => event(id, id)),
      1_000,
    );
    await store.due();
    await store.lease('p', 600, 0);
    await Promise.all(ids.map((id) => store.setAside(id, 'refused', false)));
    const operator = await openLmdbStore(folder, { clock });
    await Promise.all(ids.map((id) => operator.retry(id)));
    await operator.close();
    const changed = async () => {
      const tables = openTables(folder);
      const count = entries(tables.changed);
      await tables.root.close();
      return count;
    };
    return { ...{ disk, store, clock, changed }, written: () => store.get('nobody') };
  };

  it('follows bit by bit, so that nobody waits for all of it, and removes only what was followed', async () => {
    const { store, clock, changed, written } = await beside();
    await clock.pass(1_000);
    await store.due();
    await expect(store.figures()).resolves.toMatchObject({ waiting: 250 });
    await written();
    await expect(changed()).resolves.toBe(350);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 250 });
    await clock.pass(50);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 500 });
    await written();
    await clock.pass(50);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 600 });
    await written();
    await expect(changed()).resolves.toBe(0);
    await store.close();
  });

  it('does not follow the same again while that cannot be written down', async () => {
    const { disk, store, clock, written } = await beside();
    const follows = jest.spyOn(Schedule.prototype, 'hurry');
    disk.isFull = true;
    for (let second = 0; second < 3; second += 1) {
      await clock.pass(1_000);
      await store.due();
    }
    expect(follows).toHaveBeenCalledTimes(250);
    disk.isFull = false;
    await written();
    await clock.pass(50);
    expect(follows).toHaveBeenCalledTimes(750); // once more when it is written, and the next ones
    await store.close();
  });

  it('goes on with the next look where the file cannot be read for a moment', async () => {
    const { store, clock, changed, written } = await beside();
    await clock.pass(1_000);
    await store.due();
    await written();
    const read = jest.spyOn(Schedule.prototype, 'hurry').mockImplementationOnce(() => {
      throw new Error('the file is being opened anew');
    });
    await clock.pass(50); // nobody is there to catch it
    read.mockRestore();
    await expect(changed()).resolves.toBe(350);
    await clock.pass(1_000);
    await store.due();
    await written();
    await expect(changed()).resolves.toBe(100);
    await store.close();
  });

  it('follows no more once it is closed', async () => {
    const { store, clock, changed, written } = await beside();
    await clock.pass(1_000);
    await store.due();
    await written();
    await store.close();
    await clock.pass(1_000);
    await expect(changed()).resolves.toBe(350);
  });
});

describe('beside an operator who changes his mind', () => {
  it('follows what was done last', async () => {
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const said: string[] = [];
    const store = await openLmdbStore(folder, { clock, onDamage: (message) => said.push(message) });
    await store.add([event('1')], 100);
    await store.due();
    await store.lease('p', 1, 0);
    await store.setAside('1', 'refused', false);
    const operator = await openLmdbStore(folder, { clock });
    await operator.retry('1');
    await clock.pass(1_000);
    await store.due(); // has seen the one
    await operator.drop('1');
    await store.get('1'); // and removes the mark of both
    await operator.close();
    await expect(store.figures()).resolves.toMatchObject({ waiting: 0 });
    await expect(store.lease('p', 1, 0)).resolves.toEqual([]);
    expect(said).toEqual([]);
    await store.close();
  });
});

describe('beside an operator whose change cannot be read', () => {
  it('leaves that event alone, and goes on', async () => {
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const { store, look } = await openedToLook(folder, { clock });
    await store.add([event('1', 'a'), event('2', 'b')], 100);
    await store.due();
    await store.lease('p', 2, 0);
    await store.setAside('1', 'refused', false);
    await store.release('2');
    const operator = await openLmdbStore(folder, { clock });
    await operator.retry('1');
    await operator.close();
    const tables = openTables(folder);
    await tables.records.put(1, 'damaged');
    await tables.root.close();
    look();
    await clock.pass(1_000);
    await expect(store.due()).resolves.toHaveLength(1);
    expect((await store.lease('p', 9, 9)).map((lease) => lease.event.id)).toEqual(['2']);
    await store.close();
  });
});

describe('data of format 2', () => {
  it('is read by the bot, which stores in the present form from then on, and by an operator, who leaves it as it is', async () => {
    const folder = await folderWith('1');
    const setFormat = async () => {
      const tables = openTables(folder);
      await tables.meta.put('format', 2);
      await tables.root.close();
    };
    const format = async () => {
      const tables = openTables(folder);
      const found = tables.meta.get('format');
      await tables.root.close();
      return found;
    };
    await setFormat();
    const operator = await openLmdbStore(folder);
    await expect(listed(operator)).resolves.toMatchObject([{ id: '1' }]);
    await operator.close();
    await expect(format()).resolves.toBe(2);
    const bot = await openLmdbStore(folder, { exclusive: true });
    await expect(listed(bot)).resolves.toMatchObject([{ id: '1' }]);
    await bot.close();
    await expect(format()).resolves.toBe(3);
  });
});

describe('data of format 1', () => {
  const old = (record: object) => encodeRecord(record as EventRecord);

  it('is read: what waits, what was set aside, and what is known', async () => {
    const folder = temporaryFolder();
    const root = open({ path: path.join(folder, DATA_FILE), overlappingSync: false });
    const events = root.openDB<string, string>({ name: 'events', encoding: 'string' });
    const meta = root.openDB<number, string>({ name: 'meta', encoding: 'json' });
    const waiting = { id: 'w', conversation: 'a', timestamp: NOW, payload: {}, sequence: 2, receivedAt: NOW };
    await events.put(
      'w',
      old({ ...waiting, state: 'waiting', attempts: 2, calls: [{ path: '/messages', answer: {} }] }),
    );
    await events.put(
      's',
      old({ ...waiting, id: 's', sequence: 1, state: 'set_aside', attempts: 0, calls: [], reason: 'no', endedAt: NOW }),
    );
    await events.put('d', old({ id: 'd', state: 'done', endedAt: NOW }));
    for (const name of ['waiting', 'conversations', 'due', 'ended']) await root.openDB({ name }).put('x', 1);
    await meta.put('sequence', 2);
    await meta.put('format', 1);
    await root.close();
    await expect(check(folder)).resolves.toBeUndefined();

    const store = await openLmdbStore(folder, { clock: fakeClock(NOW) });
    await expect(
      store.add(
        ['w', 's', 'd', 'n'].map((id) => event(id, id)),
        100,
      ),
    ).resolves.toEqual({ added: 1, known: 3 });
    await store.due();
    const leases = [...(await store.lease('me', 9, 9)), ...(await store.lease('p', 9, 9))];
    expect(leases.map((lease) => lease.event)).toMatchObject([
      { id: 'w', attempts: 2, uncertain: 0, calls: [{ path: '/messages' }] },
      { id: 'n' },
    ]);
    await expect(store.get('s')).resolves.toMatchObject({ state: 'set_aside', reason: 'no' });
    await expect(store.clean(NOW + 49 * 3_600_000, 10)).resolves.toBe(1);
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
    const tables = openTables(folder);
    expect([...tables.aside.getKeys()]).toEqual([[NOW, 1]]);
    for (const name of ['events', 'waiting', 'conversations', 'due', 'ended'])
      expect(entries(tables.root.openDB({ name }))).toBe(0);
    await tables.root.close();
  });
});

describe('a folder of format 1', () => {
  const folderOfFormat1 = async (record: string) => {
    const folder = temporaryFolder();
    const root = open({ path: path.join(folder, DATA_FILE), overlappingSync: false });
    await root.openDB<string, string>({ name: 'events', encoding: 'string' }).put('1', record);
    await root.openDB<number, string>({ name: 'meta', encoding: 'json' }).put('format', 1);
    await root.close();
    return folder;
  };
  const registry = { owner: () => undefined, replaceOwner: () => true };

  it('is left alone by an operator while a bot of the older version works on it', async () => {
    const folder = await folderOfFormat1(
      encodeRecord({ id: '1', state: 'done', endedAt: NOW } as unknown as EventRecord),
    );
    const tables = openTables(folder);
    const lock = await claimFolder(folder, {
      ...registry,
      replaceOwner: (_before, after) => {
        tables.meta.putSync('owner', after);
        return true;
      },
    });
    await expect(openLmdbStore(folder)).rejects.toThrow(FolderInUseError);
    expect(tables.meta.get('format')).toBe(1);
    await lock.release();
    await (await openLmdbStore(folder)).close();
    tables.root.resetReadTxn();
    expect(tables.meta.get('format')).toBe(3);
    await tables.root.close();
    await (await openLmdbStore(folder, { exclusive: true })).close();
  });

  it('is given up when it cannot be brought to the present form', async () => {
    const folder = await folderOfFormat1('damaged');
    for (let n = 0; n < 2; n += 1)
      await expect(openLmdbStore(folder, { exclusive: true })).rejects.toThrow(DamagedRecordError);
  });
});

describe('the first look at what is stored', () => {
  it('finds nothing wrong with a whole file, and a file that is cut off', async () => {
    const folder = await folderWith('1');
    const tables = openTables(folder);
    expect(() => {
      findUnreadable(folder, tables);
    }).not.toThrow();
    const other = temporaryFolder();
    writeFileSync(path.join(other, DATA_FILE), '');
    expect(() => {
      findUnreadable(other, tables);
    }).toThrow(/cut off/);
    await tables.root.close();
  });
});

describe('the check of what is stored', () => {
  it('opens an empty folder of format 1', async () => {
    const folder = temporaryFolder();
    const root = open({ path: path.join(folder, DATA_FILE), overlappingSync: false });
    await root.openDB<number, string>({ name: 'meta', encoding: 'json' }).put('format', 1);
    await root.close();
    await (await openLmdbStore(folder)).close();
    await expect(check(folder)).resolves.toBeUndefined();
  });

  it('finds nothing wrong with a whole file, and with none', async () => {
    await expect(check(await folderWith('1', '2'))).resolves.toBeUndefined();
    const empty = temporaryFolder();
    await expect(check(empty)).resolves.toBeUndefined();
    expect(readdirSync(empty)).toEqual([]);
  });

  it.each<[string, (file: string) => void]>([
    [
      'is cut off',
      (file) => {
        truncateSync(file, statSync(file).size - 4_096);
      },
    ],
    [
      'is empty of sense',
      (file) => {
        writeFileSync(file, Buffer.alloc(32_768, 'garbage '));
      },
    ],
    [
      'has lost its pages',
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0xff, 8_192);
        writeFileSync(file, bytes);
      },
    ],
  ])('refuses a file that %s, in words, and changes nothing', async (_what, damage) => {
    const folder = await folderWith('1', '2');
    const file = path.join(folder, DATA_FILE);
    damage(file);
    const copy = path.join(temporaryFolder(), 'copy');
    copyFileSync(file, copy);
    await expect(check(folder)).rejects.toThrow(/are damaged \(.+\)\. Nothing was changed\..*backup/);
    expect(readFileSync(file).equals(readFileSync(copy))).toBe(true);
  });

  const changeALetter = (folder: string) => {
    const file = path.join(folder, DATA_FILE);
    const changed = readFileSync(file).toString('latin1').replace('"text":"hi"', '"text":"ho"');
    writeFileSync(file, changed, 'latin1');
  };

  it('lets the bot begin and says afterwards that a record has changed', async () => {
    const folder = await folderWith('1', '2');
    changeALetter(folder);
    await expect(check(folder)).resolves.toMatch(/1 stored events have changed/);
  });

  it('reads everything first where a process has ended while it was being read', async () => {
    const folder = await folderWith('1', '2');
    changeALetter(folder);
    writeFileSync(path.join(folder, 'check-under-way'), '');
    await expect(check(folder)).rejects.toThrow(/are damaged/);
    expect(readdirSync(folder)).not.toContain('check-under-way');
  });

  it('begins all the same when everything is whole after such an end', async () => {
    const folder = await folderWith('1');
    writeFileSync(path.join(folder, 'check-under-way'), '');
    await expect(check(folder)).resolves.toBeUndefined();
    expect(readdirSync(folder)).not.toContain('check-under-way');
  });

  it('passes over an event that changes while it waits, and lets a person end it, waiting or set aside', async () => {
    const folder = temporaryFolder();
    const said: string[] = [];
    const { store, look } = await openedToLook(folder, { onDamage: (message) => said.push(message) });
    const payload = { text: 'x'.repeat(10_000) };
    await store.add([{ ...event('1'), payload }, event('2', 'b')], 10);
    await store.due();
    await store.get('1'); // the data file holds both
    const tables = openTables(folder);
    await tables.records.put(1, 'damaged');
    look();
    const leases = await store.lease('p', 9, 0);
    expect(leases.map((lease) => lease.event.id)).toEqual(['2']);
    expect(said).toEqual([expect.stringContaining('number 1 has changed')]);
    await store.setAside('2', 'no', true);
    await tables.records.put(2, 'damaged');
    await expect(store.drop('1')).resolves.toBe(true);
    await expect(store.drop('2')).resolves.toBe(true);
    expect([...tables.aside.getKeys()]).toEqual([]);
    await tables.root.close();
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
  });

  it('says so when an event is gone that waits, unless a person has dropped it', async () => {
    const folder = temporaryFolder();
    const said: string[] = [];
    const { store, look } = await openedToLook(folder, { onDamage: (message) => said.push(message) });
    const payload = { text: 'x'.repeat(10_000) };
    await store.add(
      ['1', '2', '3'].map((id) => ({ ...event(id, id), payload })),
      10,
    );
    await store.due();
    await store.get('1'); // the data file holds them all
    const operator = await openLmdbStore(folder);
    await operator.drop('1');
    await operator.close();
    const tables = openTables(folder);
    await tables.records.remove(2);
    await tables.root.close();
    look();
    const leases = await store.lease('p', 9, 0);
    expect(leases.map((lease) => lease.event.id)).toEqual(['3']);
    expect(said).toEqual([expect.stringContaining('number 2 is gone')]);
    await store.close();
  });

  it('lets a person end a damaged event without harm to others', async () => {
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(folder, { clock });
    await store.add([event('1', 'a'), event('2', 'b')], 10);
    await store.due();
    await store.lease('p', 9, 0);
    for (const id of ['1', '2']) {
      await store.setAside(id, 'no', true);
      await clock.pass(5);
    }
    const tables = openTables(folder);
    await tables.records.put(2, 'damaged');
    await expect(store.drop('2')).resolves.toBe(true);
    expect([...tables.aside.getKeys()]).toEqual([[NOW, 1]]);
    await tables.root.close();
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
  });

  it('tells what it has found, also where its mark cannot be taken away', async () => {
    const folder = await folderWith('1');
    mkdirSync(path.join(folder, 'check-under-way'));
    await expect(check(folder)).resolves.toBeUndefined();
  });

  it('leaves a mark while it reads, and takes it away', async () => {
    const folder = await folderWith('1');
    const { readable, whole } = checkData(folder, program);
    await readable;
    await whole;
    expect(readdirSync(folder)).not.toContain('check-under-way');
  });

  it('can be stopped: no mark is left, nothing is found, and no process stays behind', async () => {
    const folder = await folderWith('1');
    changeALetter(folder);
    const { readable, whole, stop } = checkData(folder, program);
    await readable;
    expect(readdirSync(folder)).toContain('check-under-way');
    await stop();
    await expect(whole).resolves.toBeUndefined();
    expect(readdirSync(folder)).not.toContain('check-under-way');
    await checkData(temporaryFolder(), program).stop();
  });

  it('passes over a record that has changed, says so, and goes on with the rest', async () => {
    const folder = await folderWith('1', '2');
    changeALetter(folder);
    const said: string[] = [];
    const store = await openLmdbStore(folder, { onDamage: (message) => said.push(message) });
    await store.due();
    const leases = await store.lease('p', 9, 9);
    expect(leases).toHaveLength(1);
    expect(said).toEqual([expect.stringContaining('has changed on disk')]);
    const damaged = leases[0]?.event.id === '1' ? '2' : '1';
    await expect(listed(store)).rejects.toThrow(`1 stored events have changed on disk and cannot be read: ${damaged}.`);
    await expect(store.get(damaged)).rejects.toThrow(StoreFormatError);
    await expect(store.drop(damaged)).resolves.toBe(true);
    await expect(listed(store)).resolves.toHaveLength(1);
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
  });

  it.each<[string, (tables: ReturnType<typeof openTables>) => Promise<unknown>, RegExp]>([
    ['an event that nobody knows', ({ ids }) => ids.remove('1'), /1 stored events have changed/],
    ['an event that has changed', ({ records }) => records.put(1, 'x'), /1 stored events have changed/],
    ['an event in the place of another', ({ ids }) => ids.put('1', 7), /1 stored events have changed/],
    ['an event that is gone', ({ records }) => records.remove(1), /2 events are known, but 1 were found/],
    ['a done event too many', ({ done }) => done.put([NOW, 9], 'x'), /2 events are known, but 3 were found/],
  ])('finds %s', async (_what, damage, message) => {
    const tables = openTables(await folderWith('1', '2'));
    await expect(findDamage(tables)).resolves.toBeUndefined();
    await damage(tables);
    await expect(findDamage(tables)).rejects.toThrow(message);
    await tables.root.close();
  });

  it('reads to the end, however many there are', async () => {
    const tables = openTables(await folderWith(...Array.from({ length: 2_100 }, (_, n) => `e${n}`)));
    await expect(findDamage(tables)).resolves.toBeUndefined();
    await tables.records.put(2_100, 'x');
    await expect(findDamage(tables)).rejects.toThrow('1 stored events have changed on disk');
    await tables.root.close();
  });

  it('accepts empty tables, done and set-aside events', async () => {
    const empty = openTables(await folderWith());
    await expect(findDamage(empty)).resolves.toBeUndefined();
    await empty.root.close();
    const folder = await folderWith('1', '2', '3');
    const store = await openLmdbStore(folder);
    await store.due();
    await store.lease('p', 9, 0);
    await store.finish('1', true);
    await store.setAside('2', 'why', true);
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
  });
});

describe('a record', () => {
  it('is read back as it was written, or not at all', () => {
    const record = { id: 'ä👋', sequence: 1 } as EventRecord;
    const text = encodeRecord(record);
    expect(decodeRecord(text)).toEqual(record);
    for (const damaged of ['', 'x', text.slice(0, -1), text.replace('sequence', 'seqvence'), text.slice(1)]) {
      expect(() => decodeRecord(damaged)).toThrow(DamagedRecordError);
    }
  });
});
