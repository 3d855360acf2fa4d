import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';

/** Where log lines go. */
export interface LogOutput {
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Takes a line; returns at once, whatever becomes of it. */
  write(line: string): void;
  /** Sets what is called when there is room for lines again: with how many were lost, and what stood in the way. */
  onLost(tell: (lines: number, reason: string) => void): void;
  /** Resolves when all lines are written, or cannot be, at the latest after so many milliseconds. */
  written(mostMs: number): Promise<void>;
  /** Writes what is left before it returns, for a process that ends at once; gives up after a second. */
  writeNow(): void;
}

/** What may wait to be written, in bytes: some ten thousand lines. */
const MOST_WAITING = 4 * 1024 * 1024;
/** How much of it must be free again, once lines were lost, before others are taken. */
const ROOM_AGAIN = 64 * 1024;
/** How soon a reader that is behind, or a disk that is full, is tried again. */
const READER_AGAIN_MS = 10;
const AGAIN_MS = 1_000;
const LAST_TRY_MS = 1_000;

/**
 * Opens a log that can delay or end nothing: whoever reads it may stand still, its disk may be full. What cannot be written is
 * kept, up to 4 MiB; lines beyond are lost, and counted.
 *
 * @param fd the file descriptor, 1 for standard output
 */
export function openLogOutput(fd: number): LogOutput {
  const isFile = fstatSync(fd).isFile();
  // A disk makes nobody wait for a reader; and a file that is opened anew would be written from its beginning.
  const out = isFile ? fd : openWithoutWaiting(fd);
  let lines: string[] = [];
  let waitingBytes = 0;
  /** What is being written, or could not be yet. */
  let chunk = Buffer.alloc(0);
  let state: 'at rest' | 'writing' | 'to be tried again' = 'at rest';
  let lost = 0;
  let obstacle = '';
  let tellLost: ((lines: number, reason: string) => void) | undefined;
  const atRest: (() => void)[] = [];

  /** Fills the chunk where it is empty; tells whether there is something to write. */
  const fill = (): boolean => {
    if (chunk.length === 0) {
      chunk = Buffer.from(lines.join(''));
      lines = [];
    }
    return chunk.length > 0;
  };

  const consume = (bytes: number): void => {
    chunk = chunk.subarray(bytes);
    waitingBytes -= bytes;
  };

  const hasRoom = (size: number): boolean => waitingBytes + size <= MOST_WAITING;

  /** Adds a line of its own, in the place of those that were lost, once there is room for it and some more. */
  const sayWhatWasLost = (): void => {
    const count = lost;
    if (count === 0 || !hasRoom(ROOM_AGAIN)) return;
    lost = 0;
    tellLost?.(count, obstacle);
  };

  const writeOn = (): void => {
    if (!fill()) {
      state = 'at rest';
      for (const resolve of atRest.splice(0)) resolve();
      return;
    }
    state = 'writing';
    if (isFile) write(out, chunk, 0, chunk.length, null, goOn);
    else writeAtOnce(out, chunk, goOn);
  };

  const goOn = (error: NodeJS.ErrnoException | null, bytes: number): void => {
    if (!error) {
      consume(bytes);
      sayWhatWasLost();
      writeOn();
      return;
    }
    state = 'to be tried again';
    obstacle = describe(error);
    setTimeout(writeOn, error.code === 'EAGAIN' ? READER_AGAIN_MS : AGAIN_MS).unref();
  };

  return {
    isTerminal: isatty(fd),
    write(line) {
      const size = Buffer.byteLength(line);
      if (lost > 0 || !hasRoom(size)) {
        lost += 1;
        return;
      }
      lines.push(line);
      waitingBytes += size;
      if (state === 'at rest') writeOn();
    },
    onLost: (tell) => {
      tellLost = tell;
    },
    async written(mostMs) {
      if (state === 'at rest') return;
      await new Promise<void>((resolve) => {
        atRest.push(resolve);
        setTimeout(resolve, mostMs).unref();
      });
    },
    writeNow() {
      if (state === 'writing') {
        sleep(); // another thread is writing at this moment, and comes to its end
        chunk = Buffer.alloc(0);
      }
      const giveUpAt = performance.now() + LAST_TRY_MS;
      while (fill() && performance.now() < giveUpAt) {
        try {
          consume(writeSync(out, chunk));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
          sleep();
        }
      }
    },
  };
}

/** Stops the whole thread for a moment. */
function sleep(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READER_AGAIN_MS);
}

function writeAtOnce(
  fd: number,
  chunk: Buffer,
  done: (error: NodeJS.ErrnoException | null, bytes: number) => void,
): void {
  let bytes: number;
  try {
    bytes = writeSync(fd, chunk);
  } catch (error) {
    done(error as NodeJS.ErrnoException, 0);
    return;
  }
  done(null, bytes);
}

function describe({ code, message }: NodeJS.ErrnoException): string {
  return code === 'EAGAIN' ? 'what reads the log was too slow' : message;
}

/**
 * A file descriptor for the same place that refuses (`EAGAIN`) where writing would have to wait for a reader: a thread that waits
 * in the system can neither be stopped nor left behind.
 */
function openWithoutWaiting(fd: number): number {
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return refusingToWait(fd);
  }
}

/** Sockets, and systems other than Linux: a stream made of the descriptor switches it. */
function refusingToWait(fd: number): number {
  try {
    const { writable } = process.stderr; // often the same place: made later, it would switch that back
    new Socket({ fd, readable: false, writable });
  } catch {
    // Whatever it is, it is written to as it is.
  }
  return fd;
}
