import { mkdirSync } from 'node:fs';
import type { Clock } from '../../clock';
import { systemClock } from '../../clock';
import { StoreError, StoreFormatError, type EventStore } from '../event-store';
import { createByHand } from './by-hand';
import { clean } from './clean';
import { openDataFile, type DataFile } from './data-file';
import { createEndedNotes } from './ended-notes';
import { claimFolder, type FolderLock, type OwnerRegistry } from './folder-lock';
import { createLeases } from './leases';
import { createLoad, createLookAround } from './load';
import { migrate } from './migrate';
import { end, type Parts } from './parts';
import { Schedule } from './schedule';
import { FORMAT } from './tables';
import { createTakeIn } from './take-in';

export interface LmdbStoreOptions {
  /** No other process may have opened the folder exclusively, too. */
  readonly exclusive?: boolean;
  readonly clock?: Clock;
  /** Told of what is wrong with the stored data: an event that cannot be read any more is passed over. */
  readonly onDamage?: (message: string) => void;
}

/**
 * Opens the store in a folder, which is made (mode 0700) if it is missing. LMDB commits in groups and flushes off the main
 * thread. Whose turn it is stands in memory, made anew from what is stored at each start; leases are this process's own, so
 * only one process may lease. Others may look, put back and drop; that is noticed within a second.
 *
 * @param folder the data folder
 * @throws {StoreFormatError} when a newer version of this program has written there
 * @throws {FolderInUseError} when another process has opened it exclusively
 */
export async function openLmdbStore(folder: string, options: LmdbStoreOptions = {}): Promise<EventStore> {
  const { clock = systemClock, onDamage = () => undefined } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const notes = createEndedNotes(folder);
  const ended = new Set<number>();
  let lock: FolderLock | undefined;
  const file = openDataFile(folder, {
    say: onDamage,
    settled: () => {
      ended.clear();
      notes.areKnown();
    },
    moving: async () => {
      if (!lock) throw new StoreError('the data file was removed or replaced meanwhile; try again');
      await lock.renew();
    },
  });
  try {
    lock = await prepare(file, folder, options.exclusive ?? false);
  } catch (error) {
    await file.close();
    throw error;
  }

  const parts: Parts = { file, notes, ended, schedule: new Schedule(), clock, onDamage, isLoaded: false };
  if (options.exclusive) await endWhatIsNoted(parts);
  const firstSequence = Number(file.tables.meta.get('sequence') ?? 0);
  const ending = new AbortController();
  const leases = createLeases(parts, ending.signal);
  const lookAround = createLookAround(parts);
  const load = createLoad(parts, firstSequence);
  let loading: Promise<void> | undefined;
  const loaded = async (): Promise<void> => {
    await (loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    }));
  };

  return {
    ...createTakeIn(parts, firstSequence),
    ...leases,
    ...createByHand(parts),
    due: async () => {
      await loaded();
      await lookAround();
      return parts.schedule.due(clock.monotonic());
    },
    clean: (now, most) => clean(file, now, most),
    close: async () => {
      ending.abort();
      await loading?.catch(() => undefined);
      const isSettled = await file.settle().then(
        () => true,
        () => false,
      );
      if (isSettled && options.exclusive) notes.clear();
      else notes.close();
      await file.close();
      await lock?.release();
    },
  };
}

/** Ends what an earlier process has answered without coming to write it down. */
async function endWhatIsNoted({ file, notes, clock }: Parts): Promise<void> {
  const ids = notes.left();
  if (ids.length === 0) return;
  await file.transact((tables) => {
    for (const id of ids) {
      const sequence = tables.ids.get(id);
      if (sequence !== undefined) end(tables, { id, sequence }, clock.now());
    }
  });
  notes.clear();
}

/** Claims the folder where it is to be this process's own, and brings an older format to the present one. */
async function prepare(file: DataFile, folder: string, exclusive: boolean): Promise<FolderLock | undefined> {
  const format = Number(file.tables.meta.get('format') ?? FORMAT);
  if (format > FORMAT) {
    throw new StoreFormatError(
      `The events in ${folder} were stored by a newer version of this bot (format ${format}; this one reads up to ${FORMAT}). Start that version, or set DATA_DIR to another folder.`,
    );
  }
  const lock = exclusive ? await claimFolder(folder, ownerIn(file)) : undefined;
  const { meta } = file.tables;
  if (format < FORMAT) migrate(file.tables);
  else if (meta.get('format') === undefined) await meta.put('format', FORMAT);
  return lock;
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
