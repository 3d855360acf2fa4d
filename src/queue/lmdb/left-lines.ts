import { fstatSync, readFileSync, rmSync, statSync } from 'node:fs';
import { StoreFormatError } from '../event-store';

/** What tells that there is no such file. */
const NO_FILE = ['ENOENT', 'EISDIR', 'ENOTDIR'];

/**
 * The lines that an earlier process has left in a file; none where there is no file.
 *
 * @throws {StoreFormatError} when they cannot be read: they must not be taken for none
 */
export function readLeft(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (NO_FILE.includes(String(code))) return [];
    throw new StoreFormatError(
      `${file} cannot be read (${message}). Nothing was changed. Let the user who runs the bot read it, and start again.`,
    );
  }
}

/** Removes a file of which every line is known elsewhere: where that is not possible, it does no harm. */
export function forget(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // A folder that cannot be written, or something else in the file's place.
  }
}

/** Whether an open file is still the one at its place. */
export function isAtItsPlace(open: number, file: string): boolean {
  const mine = fstatSync(open);
  try {
    const there = statSync(file);
    return there.dev === mine.dev && there.ino === mine.ino;
  } catch {
    return false;
  }
}
