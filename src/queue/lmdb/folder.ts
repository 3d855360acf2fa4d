import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { OperatorError } from '../../process/operator-error';

const { R_OK, W_OK, X_OK } = constants;

/** What the bot itself puts into the folder. Whatever else stands there is not its business. */
const OURS = /^(?:events\.mdb.*|arrived.*|ended|check-under-way|moved.*|owner-.*\.sock)$/;

/** What the engine needs to open its files; where a disk has not as much left, it ends the process (`SIGBUS`). */
const NEEDED_BYTES = 128 * 1024;

/**
 * Makes a data folder if it is missing (mode 0700), and makes sure that a bot can work in it: it belongs to this user, there is
 * room, and what the bot has put there is for its owner only.
 *
 * @param folder the data folder
 * @returns whether other users may look into it: it was there before, or made so
 * @throws {OperatorError} when it cannot be made, read or written, or its disk is full
 */
export function prepareFolder(folder: string): { readonly isDataOpen: boolean } {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const isFile = Reflect.get(error as object, 'code') === 'EEXIST';
    const reason = isFile ? 'it is a file' : explain(error, folder);
    throw new OperatorError(`The data folder ${folder} cannot be made: ${reason}. Set DATA_DIR to another folder.`);
  }
  requireAccess(folder);
  onEachFile(folder, (file) => {
    const found = lstatSync(file);
    if (found.isFile() && (found.mode & 0o077) !== 0) chmodSync(file, found.mode & 0o700);
  });
  requireRoom(folder);
  return { isDataOpen: (statSync(folder).mode & 0o077) !== 0 };
}

/**
 * Makes sure that a data folder that is there, and the bot's files in it, can be read and written by this user.
 *
 * @throws {OperatorError} naming what cannot, and whose it is
 */
export function requireAccess(folder: string): void {
  try {
    accessSync(folder, R_OK | W_OK | X_OK);
  } catch (error) {
    throw refusal(`The data folder ${folder}`, folder, error);
  }
  onEachFile(folder, (file) => {
    accessSync(file, R_OK | W_OK);
  });
}

function onEachFile(folder: string, look: (file: string) => void): void {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    try {
      if (OURS.test(name)) look(file);
    } catch (error) {
      if (Reflect.get(error as object, 'code') === 'ENOENT') continue; // another process has just removed it
      throw refusal(`${file} in the data folder`, file, error);
    }
  }
}

function refusal(what: string, place: string, error: unknown): OperatorError {
  return new OperatorError(`${what} cannot be read and written: ${explain(error, place)}. ${ELSEWHERE}`);
}

const ELSEWHERE = 'Nothing was changed. Run this as the user whose folder it is, or set DATA_DIR to another folder.';

/** A disk that is full is told by trying: quotas and limits count, too. */
function requireRoom(folder: string): void {
  const probe = path.join(folder, `probe-${randomBytes(4).toString('hex')}`);
  try {
    const file = openSync(probe, 'wx', 0o600);
    try {
      const written = writeSync(file, Buffer.alloc(NEEDED_BYTES));
      if (written < NEEDED_BYTES) throw new Error('no space left on device');
      fsyncSync(file);
    } finally {
      closeSync(file);
      rmSync(probe, { force: true });
    }
  } catch (error) {
    throw new OperatorError(
      `Nothing can be written to the data folder ${folder}: ${explain(error, folder)}. Make room on its disk, or set DATA_DIR to another folder, and start again: nothing was changed, and no event is lost.`,
    );
  }
}

function explain(error: unknown, place: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'EACCES' && code !== 'EPERM') return message;
  const [owner, me] = [ownerOf(place), process.getuid?.()];
  const isOthers = owner !== undefined && owner !== me;
  return isOthers ? `it belongs to user ${owner}, and this is user ${String(me)}` : message;
}

/** Of the folder above, where the place itself cannot be looked at. */
function ownerOf(place: string): number | undefined {
  for (const one of [place, path.dirname(path.resolve(place))]) {
    try {
      return statSync(one).uid;
    } catch {
      // The next one.
    }
  }
  return undefined;
}
