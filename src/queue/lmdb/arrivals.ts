import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, renameSync, write } from 'node:fs';
import path from 'node:path';
import { forget, isAtItsPlace, readLeft } from './left-lines';

/** The file beside the data file. */
const ARRIVALS_FILE = 'arrived';
/** From this size on, in bytes, the file is emptied once the data file holds all that stands in it. */
const LARGE = 1024 * 1024;

/**
 * The write-ahead log: events that have come in, a line each. A flushed write is quicker than a flushed transaction, at half its
 * cost; so events are safe here first, and reach the data file together, at the latest after a tenth of a second.
 */
export interface Arrivals {
  /**
   * Writes and flushes lines; all that come while others are being written share a flush.
   *
   * @param lines without line ends
   * @param written called when they are on disk, before anything else is written
   * @throws the system's error, or what `ready` or `settle` has rejected with; the lines are then cut off before anything else is
   * written
   */
  write(lines: readonly string[], written: () => void): Promise<void>;
  /** The lines that an earlier process has left; a kill or a power cut may have cut off the last one. */
  left(): string[];
  /** Forgets what an earlier process has left. */
  forgetLeft(): void;
  /** Keeps what was left elsewhere; returns where, or undefined where there is nothing. */
  putLeftAside(): string | undefined;
  /** Looks whether the file is where it belongs; if not, the next lines go into a new one. */
  check(): void;
  /** Resolves when nothing is being written. */
  rest(): Promise<void>;
  /** Closes the file, and removes it unless it is to be kept, or is another one's by now. */
  close(keep: boolean): void;
}

export interface ArrivalsOptions {
  /** Resolves when the data file can take in what is written; rejects when it cannot. */
  readonly ready: () => Promise<void>;
  /** Resolves when the data file holds all that has been written. */
  readonly settle: () => Promise<void>;
  /** Called when the file was emptied. */
  readonly emptied: () => void;
  /** Called when the file is found to be removed, before it is made anew. */
  readonly removed: () => Promise<unknown>;
}

interface Batch {
  readonly lines: readonly string[];
  readonly succeed: () => void;
  readonly reject: (error: unknown) => void;
}

/** Makes the log of a folder; the file is made with the first line. */
export function createArrivals(folder: string, { ready, settle, emptied, removed }: ArrivalsOptions): Arrivals {
  const file = path.join(folder, ARRIVALS_FILE);
  let open: number | undefined;
  let size = 0;
  let hasMoved = false;
  /** What a failed write has left behind is still to be cut off. */
  let isTorn = false;
  let batches: Batch[] = [];
  let writing: Promise<void> | undefined;

  const leave = (): void => {
    const place = open;
    open = undefined;
    if (place !== undefined) closeSync(place);
  };

  const cutTo = (place: number, length: number): void => {
    isTorn = true;
    ftruncateSync(place, length);
    isTorn = false;
    size = length;
  };

  const opened = async (): Promise<number> => {
    await ready();
    if (hasMoved) leave();
    hasMoved = false;
    if (open !== undefined && fstatSync(open).nlink === 0) {
      leave();
      await removed();
    }
    if (open === undefined) {
      open = openSync(file, constants.O_CREAT | constants.O_WRONLY | constants.O_DSYNC, 0o600);
      size = fstatSync(open).size;
      isTorn = false;
      flushFolder(folder);
    }
    size = Math.min(size, fstatSync(open).size);
    if (isTorn) cutTo(open, size);
    if (size > LARGE) {
      await settle();
      cutTo(open, 0);
      emptied();
    }
    return open;
  };

  const writeTogether = async (together: readonly Batch[]): Promise<void> => {
    const place = await opened();
    // Each line begins with its line end, so that one that was cut off spoils no other.
    const bytes = Buffer.from(together.flatMap(({ lines }) => lines.map((line) => `\n${line}`)).join(''));
    try {
      await writeWhole(place, bytes, size);
    } catch (error) {
      cutTo(place, size);
      throw error;
    }
    size += bytes.length;
  };

  const writeOut = async (): Promise<void> => {
    while (batches.length > 0) {
      const together = batches;
      batches = [];
      try {
        await writeTogether(together);
        for (const { succeed } of together) succeed();
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    writing = undefined;
  };

  return {
    write: (lines, written) =>
      new Promise((resolve, reject) => {
        const succeed = () => {
          written();
          resolve();
        };
        batches.push({ lines, succeed, reject });
        writing ??= writeOut();
      }),
    left: () => readLeft(file),
    forgetLeft() {
      forget(file);
    },
    putLeftAside() {
      if (readLeft(file).length === 0) return undefined;
      const aside = `${file}.found-${String(Date.now())}`;
      renameSync(file, aside);
      return aside;
    },
    check() {
      if (open !== undefined && !isAtItsPlace(open, file)) hasMoved = true;
    },
    async rest() {
      await writing;
    },
    close(keep) {
      if (!keep && open !== undefined && isAtItsPlace(open, file)) forget(file);
      leave();
    },
  };
}

function writeWhole(file: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(file, bytes, 0, bytes.length, position, (error, count) => {
      if (error) reject(error);
      else if (count < bytes.length) reject(new Error('no space left on device'));
      else resolve();
    });
  });
}

/** Makes sure that a new file is still found after a power cut, where the file system can promise that. */
export function flushFolder(folder: string): void {
  let place: number | undefined;
  try {
    place = openSync(folder, constants.O_RDONLY);
    fsyncSync(place);
  } catch {
    // Not every file system knows how to.
  } finally {
    if (place !== undefined) closeSync(place);
  }
}
