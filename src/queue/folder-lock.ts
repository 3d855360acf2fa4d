import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';

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

/** The path of a socket is limited to about 100 characters: the shorter way is taken. */
function socketPath(folder: string, name: string): string {
  const absolute = path.resolve(folder, name);
  const relative = path.relative('', absolute);
  return relative.length < absolute.length ? relative : absolute;
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
