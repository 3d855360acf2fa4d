import { renameSync, rmSync, statSync, type BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { StoreError } from '../event-store';
import { describeCommitError } from './commit-error';
import { DATA_FILE, openTables, type Tables } from './tables';

/** The data file, and the changes to it. */
export interface DataFile {
  /** The tables as they are open now; not to be kept, since the file can be replaced. */
  readonly tables: Tables;
  /**
   * Makes a change; all that are asked for while others are being flushed are flushed together, in order. It must not throw once
   * it has written: what came before is kept.
   *
   * @throws {StoreError} when it is not on disk
   */
  transact<Result>(change: (tables: Tables) => Result): Promise<Result>;
  /**
   * Makes a change that may wait: it goes along with the next one, at the latest after a tenth of a second, which saves a
   * flush of its own. Where that fails, it is made again, before all that were asked for later.
   *
   * @param onDisk called when it is on disk
   */
  soon(change: (tables: Tables) => void, onDisk?: () => void): void;
  /**
   * Resolves when no change waits any more.
   *
   * @throws {StoreError} when one cannot be made
   */
  settle(): Promise<void>;
  /** Whether no change waits. */
  readonly isSettled: boolean;
  /**
   * Resolves at once while all is well; where the last change failed, or the file is lost, once a change succeeds.
   *
   * @throws {StoreError} when it does not
   */
  ready(): Promise<void>;
  /**
   * Looks whether the file is still there; where it was removed or replaced, it is written anew, with all changes that wait.
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

interface Change {
  readonly make: (tables: Tables) => void;
  readonly onDisk: () => void;
  /** Called when it is not; undefined where it is then to be made again. */
  readonly failed: ((error: unknown) => void) | undefined;
}

/** How long a change that may wait does so for company, and how soon it is tried again where it fails. */
const SOON_MS = 100;
const AGAIN_MS = 1_000;

export interface DataFileOptions {
  /** Is told what a person should know. */
  readonly say: (message: string) => void;
  /** Called before a lost file is written anew: makes the folder, and rejects where that is not this process's to do. */
  readonly moving: () => Promise<void>;
  /** Called when it has been written anew. */
  readonly moved: () => void;
}

/** Opens the data file of a folder, which must exist. */
export function openDataFile(folder: string, { say, moving, moved }: DataFileOptions): DataFile {
  const place = path.join(folder, DATA_FILE);
  const lock = `${place}-lock`;
  const copy = `${place}.copy`;
  let tables = openTables(folder);
  let openFile = identityOf(place);
  let openLock = identityOf(lock);
  let isLost = false;
  /** Which file the copy of a lost one is that could not be opened yet. */
  let placed: string | undefined;
  let isFailing = false;
  let waiting: Change[] = [];
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const open = (): void => {
    tables = openTables(folder);
    openFile = identityOf(place);
    openLock = identityOf(lock);
    isLost = false;
    placed = undefined;
  };

  /** Brings a copy of the lost file, which is open still, to its place: whole, or not at all. */
  const putCopy = async (): Promise<void> => {
    rmSync(copy, { force: true });
    try {
      await tables.root.backup(copy, false);
      const there = identityOf(place);
      const aside = `${place}.found-${String(Date.now())}`;
      const isForeign = there !== undefined && there !== openFile;
      if (isForeign) renameSync(place, aside);
      rmSync(lock, { force: true }); // the engine keeps one open lock file for each name
      renameSync(copy, place);
      placed = identityOf(place);
      if (isForeign) say(`the data file was replaced; it is back, and what was found in its place is now ${aside}`);
      else say(`${there === undefined ? 'the data file' : 'the lock file of the data file'} was removed; it is back`);
    } catch (error) {
      rmSync(copy, { force: true });
      throw error;
    }
  };

  /** Brings what the lost file holds back to its place. Never while it is written to. */
  const writeAnew = async (): Promise<void> => {
    const lost = tables;
    await moving();
    if (placed === undefined || identityOf(place) !== placed) await putCopy();
    open();
    moved();
    await lost.root.close();
  };

  /** After a commit that has failed the engine may never answer again. */
  const openAnew = async (): Promise<void> => {
    await tables.root.close();
    open();
  };

  /** Makes all changes that wait, in one transaction. */
  const writeTogether = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const together = waiting;
    waiting = [];
    try {
      if (isFailing) isLost ||= !isAtItsPlace();
      if (isLost) await writeAnew();
      else if (isFailing) await openAnew();
      // Plain puts outside of a transaction would cost the same, and harm the process when the disk is full.
      await tables.root.transaction(() => {
        for (const { make } of together) make(tables);
      });
    } catch (error) {
      isFailing = true;
      const failure = new StoreError(`The events could not be stored: ${await describeCommitError(error)}`);
      waiting = [...together.filter(({ failed }) => !failed), ...waiting];
      for (const { failed } of together) failed?.(failure);
      return;
    }
    isFailing = false;
    tables.root.resetReadTxn(); // later reads see these changes
    for (const { onDisk } of together) onDisk();
  };

  /** One transaction after the other, as long as somebody waits for one. */
  const write = async (): Promise<void> => {
    await Promise.resolve(); // whatever else is asked for at this moment goes along
    do await writeTogether();
    while (waiting.some(({ failed }) => failed));
    writing = undefined;
    if (waiting.length > 0) plan(isFailing ? AGAIN_MS : SOON_MS);
  };

  const plan = (ms: number): void => {
    timer ??= setTimeout(() => {
      writing ??= write();
    }, ms);
  };

  const transact = async <Result>(change: (tables: Tables) => Result): Promise<Result> => {
    let outcome: { readonly result: Result } | { readonly error: unknown } | undefined;
    const make = (all: Tables) => {
      try {
        outcome = { result: change(all) };
      } catch (error) {
        outcome = { error };
      }
    };
    await new Promise<void>((onDisk, failed) => {
      waiting.push({ make, onDisk, failed });
      writing ??= write();
    });
    if (outcome && 'result' in outcome) return outcome.result;
    throw new StoreError(`The events could not be stored: ${await describeCommitError(outcome?.error)}`);
  };

  const isAtItsPlace = () => identityOf(place) === openFile && identityOf(lock) === openLock;

  const ready = async (): Promise<void> => {
    if (isLost || isFailing) await transact(() => undefined);
  };

  const settle = async (): Promise<void> => {
    if (writing) await transact(() => undefined);
    while (waiting.length > 0) await transact(() => undefined);
  };

  const check = async (): Promise<void> => {
    const before = openFile;
    const [file, itsLock] = await Promise.all([place, lock].map((one) => stat(one, { bigint: true }).catch(ignore)));
    if (openFile !== before) return; // written anew meanwhile: what was seen is no longer so
    isLost = identify(file) !== openFile || identify(itsLock) !== openLock;
    if (isLost) await transact(() => undefined);
  };

  return {
    get tables() {
      return tables;
    },
    transact,
    soon: (make, onDisk = ignore) => {
      waiting.push({ make, onDisk, failed: undefined });
      if (!writing) plan(SOON_MS);
    },
    settle,
    get isSettled() {
      return waiting.length === 0 && !writing;
    },
    ready,
    check,
    async close() {
      await settle().catch(ignore);
      clearTimeout(timer);
      await check().catch(ignore);
      await tables.root.close();
    },
  };
}

function identityOf(place: string): string | undefined {
  return identify(statSync(place, { bigint: true, throwIfNoEntry: false }));
}

function identify(file: BigIntStats | undefined): string | undefined {
  return file && `${file.dev}/${file.ino}`;
}

function ignore(): undefined {
  return undefined;
}
