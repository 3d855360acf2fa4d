import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { StoreFormatError } from '../event-store';

/** Another process works on the same data folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
}

/** Where the name of the folder's owner stands; all processes see the same. */
export interface OwnerRegistry {
  owner(): string | undefined;
  /** Replaces the owner, unless another process has been faster. */
  replaceOwner(before: string | undefined, after: string): boolean;
}

/**
 * Claims a data folder for this process. The owner listens on a socket of its own in the folder: the system closes it when
 * the process ends, however it ends, so no stale claim has to be waited for; and the registry lets only one process replace an
 * owner that is gone.
 *
 * @param folder the data folder, which must exist
 * @param registry where the owner's name stands
 * @returns what gives the folder up
 * @throws {FolderInUseError} when another process has claimed it
 * @throws {StoreFormatError} when the folder's path is too long
 */
export async function claimFolder(folder: string, registry: OwnerRegistry): Promise<() => Promise<void>> {
  const name = `owner-${randomBytes(4).toString('hex')}.sock`;
  const server = net.createServer((socket) => socket.destroy());
  server.unref();
  server.listen(socketPath(folder, name));
  await once(server, 'listening');
  const release = async () => {
    const closed = once(server, 'close');
    server.close(); // removes the socket, too
    await closed;
  };

  for (;;) {
    const before = registry.owner();
    if (before !== undefined && (await isAlive(socketPath(folder, before)))) {
      await release();
      throw new FolderInUseError(
        `Another bot is already working on the data in ${folder}. Stop it first, or set DATA_DIR to another folder.`,
      );
    }
    if (registry.replaceOwner(before, name)) {
      if (before !== undefined) await rm(path.join(folder, before), { force: true });
      return release;
    }
  }
}

/** Longer paths of sockets are cut off by the system, without a word. */
const LONGEST_SOCKET_PATH = 103;

/** The shorter one of two ways to the socket, seen from where the process runs. */
function socketPath(folder: string, name: string): string {
  const absolute = path.resolve(folder, name);
  const relative = path.relative('', absolute);
  const shorter = relative.length < absolute.length ? relative : absolute;
  if (Buffer.byteLength(shorter) > LONGEST_SOCKET_PATH) {
    throw new StoreFormatError(
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
