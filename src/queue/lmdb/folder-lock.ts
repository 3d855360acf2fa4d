import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { OperatorError } from '../../process/operator-error';

/** Another process works on the same data folder. */
export class FolderInUseError extends OperatorError {
  override readonly name = 'FolderInUseError';
}

/** Where the name of the folder's owner stands; all processes see the same. */
export interface OwnerRegistry {
  owner(): string | undefined;
  /** Replaces the owner, unless another process has been faster. */
  replaceOwner(before: string | undefined, after: string): boolean;
}

/** A claimed folder. */
export interface FolderLock {
  /**
   * Makes and claims the folder once more where it was removed, and the socket with it.
   *
   * @throws {FolderInUseError} when another process has claimed what is in its place now
   */
  renew(): Promise<void>;
  /** Gives the folder up. */
  release(): Promise<void>;
}

/**
 * Claims a data folder for this process. The owner listens on a socket of its own in the folder: the system closes it when
 * the process ends, however it ends, so no stale claim has to be waited for; and the registry lets only one process replace an
 * owner that is gone.
 *
 * @param folder the data folder, which must exist
 * @param registry where the owner's name stands
 * @throws {FolderInUseError} when another process has claimed it
 * @throws {OperatorError} when the folder's path is too long, or its file system knows no sockets
 */
export async function claimFolder(folder: string, registry: OwnerRegistry): Promise<FolderLock> {
  let mine = await claim(folder, registry);
  return {
    async renew() {
      if (existsSync(path.join(folder, mine.name))) return;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const name of await readdir(folder)) {
        if (isSocket(name) && (await isAlive(socketPath(folder, name)))) throw inUse(folder);
      }
      const removed = mine;
      mine = await claim(folder, registry);
      await removed.close();
    },
    release: () => mine.close(),
  };
}

const isSocket = (name: string) => /^owner-[0-9a-f]{8}\.sock$/.test(name);

async function claim(folder: string, registry: OwnerRegistry) {
  const name = `owner-${randomBytes(4).toString('hex')}.sock`;
  const server = net.createServer((socket) => socket.destroy());
  server.unref();
  server.listen(socketPath(folder, name));
  await once(server, 'listening').catch((error: unknown) => {
    throw new OperatorError(
      `The data folder ${folder} cannot be locked (${(error as Error).message}). Set DATA_DIR to a folder on a local disk.`,
      { cause: error },
    );
  });
  const close = async () => {
    const closed = once(server, 'close');
    server.close(); // removes the socket, too
    await closed;
  };

  try {
    for (;;) {
      const before = registry.owner();
      if (before !== undefined && (await isAlive(socketPath(folder, before)))) throw inUse(folder);
      if (registry.replaceOwner(before, name)) {
        if (before !== undefined) await rm(path.join(folder, before), { force: true });
        return { name, close };
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
}

function inUse(folder: string): FolderInUseError {
  return new FolderInUseError(
    `Another bot is already working on the data in ${folder}. Stop it first, or set DATA_DIR to another folder.`,
  );
}

/** Longer paths of sockets are cut off by the system, without a word. */
const LONGEST_SOCKET_PATH = 103;

/** The shorter one of two ways to the socket, seen from where the process runs. */
function socketPath(folder: string, name: string): string {
  const absolute = path.resolve(folder, name);
  const relative = path.relative('', absolute);
  const shorter = relative.length < absolute.length ? relative : absolute;
  if (Buffer.byteLength(shorter) > LONGEST_SOCKET_PATH) {
    throw new OperatorError(
      `The path of ${folder} is too long for the lock in it. Start the bot in a folder closer to it, or set DATA_DIR to a shorter path.`,
    );
  }
  return shorter;
}

async function isAlive(socket: string): Promise<boolean> {
  const connection = net.connect(socket);
  try {
    await once(connection, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    connection.destroy();
  }
}
