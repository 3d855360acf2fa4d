import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import fs from 'node:fs';
import path from 'node:path';
import type { EventStore } from '../../../../src/queue/event-store';
import { openDataFile } from '../../../../src/queue/lmdb/data-file';
import { createEndedNotes } from '../../../../src/queue/lmdb/ended-notes';
import { openLmdbStore } from '../../../../src/queue/lmdb/store';
import * as tablesOfTheEngine from '../../../../src/queue/lmdb/tables';
import { fakeClock } from '../../../support/fake-clock';
import { makeDisk } from '../../../support/full-disk';
import { temporaryFolder } from '../../../support/temporary-folder';

const { DATA_FILE, entries, openTables } = tablesOfTheEngine;

const event = (id: string) => ({ id, page: 'p', conversation: id, timestamp: 1, payload: {} });
const waitingIn = async (store: EventStore): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of store.list()) ids.push(id);
  return ids;
};

/** What is on the disk of a process that is killed now. */
function asAfterAKill(folder: string, { notes = true } = {}): string {
  const copy = temporaryFolder();
  copyFileSync(path.join(folder, DATA_FILE), path.join(copy, DATA_FILE));
  const file = path.join(folder, 'ended');
  if (notes && existsSync(file)) copyFileSync(file, path.join(copy, 'ended'));
  copyFileSync(path.join(folder, 'arrived'), path.join(copy, 'arrived'));
  return copy;
}

/** A store in which both events have been leased. */
async function withTwoLeased() {
  const folder = temporaryFolder();
  const store = await openLmdbStore(folder, { exclusive: true });
  await store.add([event('answered'), event('open')], 10);
  await store.get('open'); // the data file holds both
  await store.due();
  await store.lease('p', 2, 0);
  return { folder, store };
}

describe('an event that has just ended', () => {
  it('is not handled again after a kill, though its end had not been flushed', async () => {
    const { folder, store } = await withTwoLeased();
    await store.finish('answered', true);
    const [killed, withoutNotes] = [asAfterAKill(folder), asAfterAKill(folder, { notes: false })];
    await store.close();

    appendFileSync(path.join(killed, 'ended'), '\nof-another-folder');
    const restarted = await openLmdbStore(killed, { exclusive: true });
    expect(await waitingIn(restarted)).toEqual(['open']);
    await expect(restarted.add([event('answered')], 10)).resolves.toEqual({ added: 0, known: 1 });
    await expect(restarted.figures()).resolves.toMatchObject({ waiting: 1 });
    expect(existsSync(path.join(killed, 'ended'))).toBe(false);
    await restarted.close();

    const other = await openLmdbStore(withoutNotes, { exclusive: true });
    expect(await waitingIn(other)).toEqual(['answered', 'open']);
    await other.close();
  });

  it('is flushed at once where it cannot be noted', async () => {
    const { folder, store } = await withTwoLeased();
    mkdirSync(path.join(folder, 'ended'));
    await store.finish('answered', true);
    const killed = asAfterAKill(folder, { notes: false });
    await store.close();
    const restarted = await openLmdbStore(killed, { exclusive: true });
    expect(await waitingIn(restarted)).toEqual(['open']);
    await restarted.close();
  });

  it('is kept once, also when an operator drops it meanwhile', async () => {
    const { folder, store } = await withTwoLeased();
    await store.finish('answered', true);
    const killed = asAfterAKill(folder);
    await store.close();
    const operator = await openLmdbStore(killed);
    await expect(operator.drop('answered')).resolves.toBe(true);
    await operator.close();
    expect(existsSync(path.join(killed, 'ended'))).toBe(true); // an operator leaves the bot's notes alone
    await (await openLmdbStore(killed, { exclusive: true })).close();
    const tables = openTables(killed);
    expect([entries(tables.ids), entries(tables.records), entries(tables.done)]).toEqual([2, 1, 1]);
    await tables.root.close();
  });

  it('is not shown any more to whoever looks', async () => {
    const { store } = await withTwoLeased();
    await store.finish('answered', true);
    await expect(store.get('answered')).resolves.toBeUndefined();
    expect(await waitingIn(store)).toEqual(['open']);
    await store.close();
  });

  it('is not shown any more after a kill either, nor dropped', async () => {
    const { folder, store } = await withTwoLeased();
    await store.add([event('new')], 10);
    await store.lease('p', 1, 0);
    await store.finish('answered', true);
    await store.finish('new', true); // only the log knows it
    const killed = asAfterAKill(folder);
    await store.close();
    const operator = await openLmdbStore(killed);
    expect(await waitingIn(operator)).toEqual(['open']);
    await expect(operator.get('answered')).resolves.toBeUndefined();
    await expect(operator.get('new')).resolves.toBeUndefined();
    await operator.close();
  });

  it('leaves nothing behind when the bot stops', async () => {
    const { folder, store } = await withTwoLeased();
    await store.finish('answered', true);
    expect(readFileSync(path.join(folder, 'ended'), 'latin1')).toBe('\nanswered 1');
    expect(statSync(path.join(folder, 'ended')).mode & 0o777).toBe(0o600);
    await store.close();
    expect(existsSync(path.join(folder, 'ended'))).toBe(false);
  });
});

describe('the notes', () => {
  const size = (folder: string) => statSync(path.join(folder, 'ended')).size;

  it('can be emptied, and where that fails the next time', () => {
    const folder = temporaryFolder();
    const notes = createEndedNotes(folder);
    notes.empty(); // there are none
    notes.add('1', 1);
    jest.spyOn(fs, 'ftruncateSync').mockImplementationOnce(() => {
      throw new Error('EIO');
    });
    notes.empty();
    expect(size(folder)).toBe(4);
    notes.empty();
    expect(size(folder)).toBe(0);
    notes.add('2', 2);
    expect(notes.left()).toEqual([{ id: '2', sequence: 2 }]);
    notes.close(false);
  });

  it('are emptied along with the log, so that they do not grow for ever', async () => {
    const { folder, store } = await withTwoLeased();
    await store.finish('answered', true);
    const large = (id: string) => ({ ...event(id), payload: 'x'.repeat(600_000) });
    await store.add([large('1'), large('2')], 10);
    expect(size(folder)).toBeGreaterThan(0);
    await store.add([large('3')], 10);
    expect(size(folder)).toBe(0);
    await store.close();
  });

  it('are not emptied while an end in them waits for the data file', async () => {
    const { folder, store } = await withTwoLeased();
    const large = (id: string) => ({ ...event(id), payload: 'x'.repeat(600_000) });
    await store.add([large('1'), large('2')], 10);
    const { ftruncateSync } = fs;
    jest.spyOn(fs, 'ftruncateSync').mockImplementationOnce((...args) => {
      void store.finish('answered', true); // at the very moment
      ftruncateSync(...args);
    });
    await store.add([large('3')], 10);
    expect(size(folder)).toBeGreaterThan(0);
    await store.close();
  });

  it('are not emptied before the log: beside an older data file it would bring back what was answered', async () => {
    const { folder, store } = await withTwoLeased();
    await store.get('open');
    const backup = asAfterAKill(folder, { notes: false });
    const ids = Array.from({ length: 1_100 }, (_, n) => `${n}-`.padEnd(60, 'x')); // 70 KiB of notes
    await store.add(
      ids.map((id) => event(id)),
      2_000,
    );
    await store.lease('p', 2_000, 0);
    for (const id of ids) await store.finish(id, false);
    await store.get('open'); // the data file knows it all
    await store.add([event('new')], 2_000);
    const killed = asAfterAKill(folder);
    await store.close();
    copyFileSync(path.join(backup, DATA_FILE), path.join(killed, DATA_FILE));
    const restored = await openLmdbStore(killed, { exclusive: true });
    expect((await waitingIn(restored)).sort()).toEqual(['answered', 'new', 'open']);
    await restored.close();
  });

  it('end an event for a start and for who looks, also without its number, as an earlier version wrote them', async () => {
    const { folder, store } = await withTwoLeased();
    const killed = asAfterAKill(folder);
    await store.close();
    writeFileSync(path.join(killed, 'ended'), '\nanswered');
    for (const exclusive of [false, true]) {
      const looking = await openLmdbStore(killed, { exclusive });
      expect(await waitingIn(looking)).toEqual(['open']);
      await looking.close();
    }
  });

  it('do not end another event where a number was cut off', async () => {
    const { folder, store } = await withTwoLeased();
    const killed = asAfterAKill(folder);
    await store.close();
    writeFileSync(path.join(killed, 'ended'), '\nanswered 2'); // 2 is the other one
    const restarted = await openLmdbStore(killed, { exclusive: true });
    expect(await waitingIn(restarted)).toEqual(['answered', 'open']);
    await restarted.close();
  });

  it('may have a last line that a full disk has cut off', () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'ended'), '\nfirst\nsec');
    const notes = createEndedNotes(folder);
    notes.add('third', 3);
    expect(notes.left()).toEqual([{ id: 'first' }, { id: 'sec' }, { id: 'third', sequence: 3 }]);
    notes.close(true);
  });

  it('do not stop a start, whatever a power cut has made of them', async () => {
    const { folder, store } = await withTwoLeased();
    await store.close();
    writeFileSync(path.join(folder, 'ended'), `\n${'x'.repeat(5_000)}\n${'\0'.repeat(4_096)}\nanswered`);
    const restarted = await openLmdbStore(folder, { exclusive: true });
    expect(await waitingIn(restarted)).toEqual(['open']);
    await restarted.close();
  });

  it('do not end a later event of the same id, neither for a start nor for who looks', async () => {
    const { folder, store } = await withTwoLeased();
    await store.finish('answered', true);
    await store.get('answered'); // the data file knows
    await store.clean(Date.now() + 49 * 3_600_000, 100);
    await store.add([event('answered')], 10);
    await store.release('open');
    const killed = asAfterAKill(folder);
    await store.close();
    for (const exclusive of [false, true]) {
      const looking = await openLmdbStore(killed, { exclusive });
      expect((await waitingIn(looking)).sort()).toEqual(['answered', 'open']);
      await expect(looking.get('answered')).resolves.toBeDefined();
      await looking.close();
    }
  });

  it('can be forgotten when their folder is gone', () => {
    const folder = temporaryFolder();
    const notes = createEndedNotes(path.join(folder, 'file', 'below'));
    writeFileSync(path.join(folder, 'file'), '');
    expect(notes.add('x', 1)).toBe(false);
    expect(() => {
      notes.forgetLeft();
    }).not.toThrow();
    expect(notes.left()).toEqual([]);
  });
});

describe('a change that may wait', () => {
  const openFile = () => openDataFile(temporaryFolder(), { say: jest.fn(), moving: jest.fn(), moved: jest.fn() });

  it('is made by itself after a tenth of a second', async () => {
    const timer = jest.spyOn(global, 'setTimeout');
    const file = openFile();
    await new Promise<void>((resolve) => {
      file.soon(() => {
        resolve();
      });
      expect(timer).toHaveBeenLastCalledWith(expect.any(Function), 100);
    });
    expect(file.isSettled).toBe(false);
    await file.settle();
    expect(file.isSettled).toBe(true);
    await file.close();
  });

  it('goes along with the next change, and with the one after where that fails', async () => {
    const file = openFile();
    const change = jest.fn();
    const timer = jest.spyOn(global, 'setTimeout');
    jest.spyOn(file.tables.root, 'transaction').mockRejectedValueOnce(new Error('no space left'));
    file.soon(change);
    await expect(file.transact(() => undefined)).rejects.toThrow('no space left');
    expect([change.mock.calls.length, file.isSettled]).toEqual([0, false]);
    expect(timer).toHaveBeenLastCalledWith(expect.any(Function), 1_000);
    await file.transact(() => undefined);
    await file.settle();
    expect([change.mock.calls.length, file.isSettled]).toEqual([1, true]);
    await file.close();
  });

  it('is made again before all that were asked for later, also while it fails', async () => {
    const file = openFile();
    const made: string[] = [];
    const note = (name: string) => () => void made.push(name);
    let fail: (error: Error) => void = () => undefined;
    const transaction = jest.spyOn(file.tables.root, 'transaction');
    transaction.mockReturnValueOnce(new Promise((_resolve, reject) => (fail = reject)));
    const done = jest.fn();
    file.soon(note('first'), done);
    const failing = file.transact(note('fails'));
    await new Promise(setImmediate);
    file.soon(note('second'));
    const later = file.transact(note('third'));
    fail(new Error('no space left'));
    await expect(failing).rejects.toThrow('no space left');
    expect(done).not.toHaveBeenCalled();
    await later;
    expect(made).toEqual(['first', 'second', 'third']);
    expect(done).toHaveBeenCalledTimes(1);
    await file.close();
  });

  it('is waited for while another one is written', async () => {
    const file = openFile();
    const made: number[] = [];
    const writing = file.transact(() => made.push(1));
    await new Promise(setImmediate);
    file.soon(() => made.push(2));
    await file.settle();
    expect(made).toEqual([1, 2]);
    await writing;
    await file.close();
  });

  it('shares a flush with all that are asked for at the same time, and spoils none of them by its mistake', async () => {
    const file = openFile();
    const transaction = jest.spyOn(file.tables.root, 'transaction');
    const mistake = () => {
      throw new Error('mistake');
    };
    const outcomes = await Promise.allSettled([file.transact(() => 1), file.transact(mistake), file.transact(() => 3)]);
    expect(outcomes).toMatchObject([
      { value: 1 },
      { reason: { name: 'StoreError', message: 'The events could not be stored: mistake' } },
      { value: 3 },
    ]);
    expect(transaction).toHaveBeenCalledTimes(1);
    await file.close();
  });

  it('is made before the file is closed, and costs nothing where there is none', async () => {
    const file = openFile();
    const change = jest.fn();
    const transactions = jest.spyOn(file.tables.root, 'transaction');
    await file.settle();
    expect(transactions).not.toHaveBeenCalled();
    file.soon(change);
    await file.close();
    expect(change).toHaveBeenCalledTimes(1);
  });

  it('is given up with the process where it cannot be made at the end', async () => {
    const disk = makeDisk();
    const file = openFile();
    const change = jest.fn();
    disk.isFull = true;
    file.soon(change);
    await expect(file.close()).resolves.toBeUndefined();
    expect(change).not.toHaveBeenCalled();
  });
});

it('leaves the notes where the last ends could not be flushed', async () => {
  const disk = makeDisk();
  const { folder, store } = await withTwoLeased();
  await store.finish('answered', true);
  disk.isFull = true;
  await store.close();
  expect(readFileSync(path.join(folder, 'ended'), 'latin1')).toBe('\nanswered 1');
});

it('does not come back while nothing can be flushed, though an operator had put it back before', async () => {
  const disk = makeDisk();
  const clock = fakeClock(1_000);
  const store = await openLmdbStore(temporaryFolder(), { exclusive: true, clock });
  const take = async () => {
    await store.due();
    return (await store.lease('p', 10, 10)).map((lease) => lease.event.id);
  };
  await store.add([event('put back')], 10);
  await take();
  await store.setAside('put back', 'refused', false);
  await store.retry('put back');
  expect(await take()).toEqual(['put back']);
  disk.isFull = true;
  await store.finish('put back', false);
  await clock.pass(1_000);
  expect(await take()).toEqual([]);
  disk.isFull = false;
  await store.close();
});
