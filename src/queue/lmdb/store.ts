import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../process/clock';
import { systemClock } from '../../process/clock';
import { CHECK_DISK, StoreError, StoreFormatError, type MovableStore } from '../event-store';
import { createOwnCell } from '../gate-cell';
import { createPace } from '../pace';
import { createArrivals } from './arrivals';
import { createByHand } from './by-hand';
import { createCarry, requireNotMoved } from './carry';
import { clean } from './clean';
import { openDataFile, type DataFile } from './data-file';
import { createEndedNotes } from './ended-notes';
import { createFigures } from './figures';
import { claimFolder, type FolderLock, type OwnerRegistry } from './folder-lock';
import { createKeptNotes } from './kept-notes';
import { createLeases } from './leases';
import { createLoad } from './load';
import { createLookAround } from './look-around';
import { migrate } from './migrate';
import { end, notYetPutDown, putDown, type Parts } from './parts';
import { Schedule } from './schedule';
import { DATA_FILE, FORMAT } from './tables';
import { createTakeIn } from './take-in';

export interface LmdbStoreOptions {
  /** No other process may have opened the folder exclusively, too. */
  readonly exclusive?: boolean;
  /** It is opened to be moved elsewhere: that this has been done, or begun, before is no reason to refuse. */
  readonly isMoving?: boolean;
  readonly clock?: Clock;
  /** Told of what is wrong with the stored data: an event that cannot be read any more is passed over. */
  readonly onDamage?: (message: string) => void;
  /** Told of what somebody has done to the files, and what was done about it: no event is lost. */
  readonly onMended?: (message: string) => void;
}

/**
 * Opens the store in a folder, which must exist (`prepareFolder`). LMDB commits in groups and flushes off the main
 * thread. Whose turn it is stands in memory, made anew from what is stored at each start; leases are this process's own, so
 * only one process may lease. Others may look, put back and drop; that is noticed within a second.
 *
 * @param folder the data folder
 * @throws {StoreFormatError} when a newer version of this program has written there
 * @throws {FolderInUseError} when another process has opened it exclusively
 * @throws {OperatorError} when it is to be opened exclusively, and its events have been moved elsewhere
 */
export async function openLmdbStore(folder: string, options: LmdbStoreOptions = {}): Promise<MovableStore> {
  const { clock = systemClock, onDamage = () => undefined, onMended = () => undefined } = options;
  if (options.exclusive && !options.isMoving) requireNotMoved(folder);
  const isNew = !existsSync(path.join(folder, DATA_FILE));
  const notes = createEndedNotes(folder);
  let lock: FolderLock | undefined;
  // The log asks the data file to take in what stands in it; a data file that was written anew makes log, notes and lock follow.
  const file = openDataFile(folder, {
    say: onMended,
    moving: async () => {
      if (!lock) throw new StoreError('the data file was removed or replaced meanwhile; try again');
      await lock.renew();
    },
    moved: () => {
      arrivals.check();
      notes.check();
    },
  });
  const arrivals = createArrivals(folder, {
    ready: () => file.ready(),
    settle: () => file.settle(),
    // Not before: beside an older data file, put back from a backup, the log would bring back what has been answered.
    emptied: () => {
      if (file.isSettled) notes.empty();
    },
    removed: () => file.check(),
  });
  const parts: Parts = {
    ...{ file, arrivals, notes, schedule: new Schedule(), clock, onDamage },
    ...{ fresh: new Map(), ended: new Set(), sequence: 0, isLoaded: false, isUnreadable: false },
  };
  try {
    lock = await prepare(file, folder, options.exclusive ?? false);
    if (options.exclusive) await takeOver(parts, isNew);
  } catch (error) {
    await file.close();
    await lock?.release();
    throw error;
  }
  parts.sequence = Number(file.tables.meta.get('sequence') ?? 0);
  const ending = new AbortController();
  const leases = createLeases(parts, ending.signal);
  const lookAround = createLookAround(parts, ending.signal);
  const load = createLoad(parts, parts.sequence);
  let loading: Promise<void> | undefined;
  const loaded = async (): Promise<void> => {
    loading ??= load().finally(() => {
      parts.isUnreadable = !parts.isLoaded;
      if (parts.isUnreadable) loading = undefined;
    });
    await loading;
  };

  const { add, countWaiting } = createTakeIn(parts, loaded);

  return {
    advice: CHECK_DISK,
    now: () => clock.now(),
    gateCell: () => createOwnCell(clock),
    pace: (_page, perSecond) => createPace(perSecond, clock),
    add,
    ...createFigures(parts, countWaiting),
    ...createKeptNotes(parts),
    ...leases,
    ...createByHand(parts),
    ...createCarry(parts, folder),
    due: async () => {
      await loaded();
      await lookAround();
      return parts.schedule.due(clock.monotonic());
    },
    clean: (now, most) => clean(file, now, most),
    close: async () => {
      ending.abort();
      await loading?.catch(() => undefined);
      await arrivals.rest();
      const isSettled = await file.settle().then(
        () => true,
        () => false,
      );
      const keep = !isSettled || !options.exclusive;
      arrivals.close(keep);
      notes.close(keep);
      await file.close();
      await lock?.release();
    },
  };
}

/** Writes down what an earlier process has taken in, or answered, without coming to write it down. */
async function takeOver(parts: Parts, isNew: boolean): Promise<void> {
  const { file, arrivals, notes, clock, onDamage } = parts;
  const aside = isNew ? arrivals.putLeftAside() : undefined;
  if (aside)
    onDamage(`a log was found without its data file; it is now ${aside}, and the events in it are not answered`);
  const arrived = notYetPutDown(parts);
  const ends = notes.left();
  if (arrived.length + ends.length > 0)
    await file.transact((tables) => {
      putDown(tables, arrived, new Set(), clock.now());
      for (const { id, sequence } of ends) {
        const known = tables.ids.get(id);
        if (known !== undefined && (sequence ?? known) === known) end(tables, { id, sequence: known }, clock.now());
      }
    });
  arrivals.forgetLeft();
  notes.forgetLeft();
}

/** Claims the folder where it is to be this process's own, and brings an older format to the present one. */
async function prepare(file: DataFile, folder: string, exclusive: boolean): Promise<FolderLock | undefined> {
  const format = Number(file.tables.meta.get('format') ?? FORMAT);
  if (format > FORMAT) {
    throw new StoreFormatError(
      `The events in ${folder} were stored by a newer version of this bot (format ${format}; this one reads up to ${FORMAT}). Start that version, or set DATA_DIR to another folder.`,
    );
  }
  const isOld = format === 1;
  const lock = exclusive || isOld ? await claimFolder(folder, ownerIn(file)) : undefined;
  const { meta } = file.tables;
  try {
    if (isOld) migrate(file.tables);
    // Format 2 had no log beside it: it becomes the present one with its next bot.
    else if (exclusive || meta.get('format') === undefined) await meta.put('format', FORMAT);
  } catch (error) {
    await lock?.release();
    throw error;
  }
  if (exclusive) return lock;
  await lock?.release();
  return undefined;
}

function ownerIn(file: DataFile): OwnerRegistry {
  return {
    owner: () => file.tables.meta.get('owner') as string | undefined,
    replaceOwner: (before, after) => {
      const { root, meta } = file.tables;
      return root.transactionSync(() => {
        if (meta.get('owner') !== before) return false;
        meta.putSync('owner', after);
        return true;
      });
    },
  };
}
