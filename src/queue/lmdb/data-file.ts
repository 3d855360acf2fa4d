import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
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
   * Runs a transaction; all of one turn of the event loop are flushed together. It must not throw once it has written: LMDB
   * keeps what came before.
   *
   * @throws {StoreError} when it is not on disk
   */
  transact<Result>(change: (tables: Tables) => Result): Promise<Result>;
  /** The same within some milliseconds: it goes along with the next one, which saves a flush of its own. */
  transactSoon(change: (tables: Tables) => void): Promise<void>;
  /** Looks whether the file is still there; where it was removed or replaced, all that is open goes on into a new one. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** How long an end of an event waits for company. */
const SOON_MS = 10;

/**
 * Opens the data file of a folder, which must exist.
 *
 * @param say is told what a person should know
 */
export function openDataFile(folder: string, say: (message: string) => void): DataFile {
  let tables = openTables(folder);
  let openFile = identityOf(folder);
  let isLost = false;
  let repairing: Promise<void> | undefined;
  let together: Promise<void> | undefined;
  let leave: () => void = () => undefined;

  const writeAnew = async (): Promise<void> => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lost = tables;
    const place = path.join(folder, DATA_FILE);
    if (existsSync(place)) {
      const aside = `${place}.found-${String(Date.now())}`;
      renameSync(place, aside);
      rmSync(`${place}-lock`, { force: true });
      say(`the data file was replaced while the bot was running; what was found in its place is now ${aside}`);
    }
    await lost.root.backup(place, false);
    tables = openTables(folder);
    openFile = identityOf(folder);
    isLost = false;
    await lost.root.close();
  };

  const repair = (): Promise<void> => {
    repairing ??= writeAnew().finally(() => (repairing = undefined));
    return repairing;
  };

  const transact = async <Result>(change: (tables: Tables) => Result): Promise<Result> => {
    leave(); // what waits for company has found it
    try {
      if (repairing || isLost) await repair();
      // Plain puts outside of a transaction would cost the same, and harm the process when the disk is full.
      const result = await tables.root.transaction(() => change(tables));
      tables.root.resetReadTxn(); // later reads see this change
      return result;
    } catch (error) {
      throw new StoreError(`The events could not be stored: ${await describeCommitError(error)}`);
    }
  };

  const check = async (): Promise<void> => {
    const file = await stat(path.join(folder, DATA_FILE), { bigint: true }).catch(ignore);
    isLost = !file || `${file.dev}/${file.ino}` !== openFile;
    if (isLost) await repair();
  };

  return {
    get tables() {
      return tables;
    },
    transact,
    transactSoon: async (change) => {
      together ??= new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          leave();
        }, SOON_MS);
        leave = () => {
          clearTimeout(timer);
          together = undefined;
          leave = () => undefined;
          resolve();
        };
      });
      await together;
      await transact(change);
    },
    check,
    async close() {
      const waiting = together;
      leave();
      await waiting;
      await repairing?.catch(ignore);
      await check().catch(ignore);
      await tables.root.close();
    },
  };
}

function identityOf(folder: string): string {
  const { dev, ino } = statSync(path.join(folder, DATA_FILE), { bigint: true });
  return `${dev}/${ino}`;
}

function ignore(): undefined {
  return undefined;
}
