import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import nock from 'nock';
import { OperatorError } from '../../../../src/process/operator-error';
import { FolderInUseError, claimFolder, type OwnerRegistry } from '../../../../src/queue/lmdb/folder-lock';
import { openLmdbStore } from '../../../../src/queue/lmdb/store';
import { temporaryFolder } from '../../../support/temporary-folder';

beforeAll(() => {
  nock.restore(); // nock also looks at sockets
});

function registry(owner?: string): OwnerRegistry {
  let current = owner;
  return {
    owner: () => current,
    replaceOwner: (before, after) => {
      if (current !== before) return false;
      current = after;
      return true;
    },
  };
}

/** How many sockets and pipes are open, once none has been closed for a while: tests before this one leave some that are closing. */
async function handlesAtRest(): Promise<number> {
  const count = () => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;
  let least = count();
  for (let turns = 0; turns < 200; turns += 1) {
    await new Promise(setImmediate);
    if (count() < least) [least, turns] = [count(), 0];
  }
  return count();
}

describe('claimFolder', () => {
  it('lets one process in, and the next one once it has left', async () => {
    const folder = temporaryFolder();
    const owners = registry();
    const lock = await claimFolder(folder, owners);
    await expect(claimFolder(folder, owners)).rejects.toThrow(FolderInUseError);
    await expect(claimFolder(folder, owners)).rejects.toThrow(/Another bot .* DATA_DIR/);
    await lock.release();
    await (await claimFolder(folder, owners)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not held up by what a killed process has left behind, and removes it', async () => {
    const folder = temporaryFolder();
    const left = path.join(folder, 'owner-dead.sock');
    writeFileSync(left, '');
    await (await claimFolder(folder, registry('owner-dead.sock'))).release();
    expect(existsSync(left)).toBe(false);
  });

  it('lets only one of many in that come at once', async () => {
    const folder = temporaryFolder();
    const owners = registry('owner-dead.sock');
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => claimFolder(folder, owners)));
    const winners = outcomes.filter((one) => one.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const { value } of winners) await value.release();
  });

  it('leaves nothing open: neither who asks, nor who is asked, nor what was tried in vain', async () => {
    const folder = temporaryFolder();
    const owners = registry();
    const lock = await claimFolder(folder, owners);
    const before = await handlesAtRest();
    for (let n = 0; n < 5; n += 1) await expect(claimFolder(folder, owners)).rejects.toThrow(FolderInUseError);
    expect(await handlesAtRest()).toBe(before);
    await lock.release();
  });

  it('asks in a folder that was made anew only what has the name of an owner', async () => {
    const folder = temporaryFolder();
    const owners = registry();
    const lock = await claimFolder(folder, owners);
    const [name = ''] = readdirSync(folder);
    rmSync(path.join(folder, name));
    const others = [`x${name}`, `${name}.old`].map((other) => net.createServer().listen(path.join(folder, other)));
    await Promise.all(others.map((server) => once(server, 'listening')));
    await expect(lock.renew()).resolves.toBeUndefined();
    await lock.release();
    for (const server of others) server.close();
  });

  it('takes a path of a socket that is 103 bytes long, and none of 104', async () => {
    const base = temporaryFolder();
    const folderOf = (length: number) => {
      const folder = path.join(base, 'x'.repeat(length - base.length - '/'.length - '/owner-01234567.sock'.length));
      mkdirSync(folder);
      return folder;
    };
    const before = process.cwd();
    process.chdir('/usr'); // from there the relative path is longer
    try {
      await (await claimFolder(folderOf(103), registry())).release();
      await expect(claimFolder(folderOf(104), registry())).rejects.toThrow(OperatorError);
    } finally {
      process.chdir(before);
    }
  });

  it('says so in words where the file system knows no sockets', async () => {
    jest.spyOn(net.Server.prototype, 'listen').mockImplementationOnce(function (this: net.Server) {
      process.nextTick(() => this.emit('error', new Error('listen EPERM: operation not permitted')));
      return this;
    });
    const claiming = claimFolder(temporaryFolder(), registry());
    await expect(claiming).rejects.toThrow(OperatorError);
    await expect(claiming).rejects.toThrow(/cannot be locked \(listen EPERM.*DATA_DIR.*local disk/);
  });

  it('takes the shorter way to a folder with a long path, and refuses one that is too long, in words', async () => {
    const long = path.join(temporaryFolder(), 'x'.repeat(60), 'y'.repeat(60));
    const far = path.join(temporaryFolder(), 'a/b/c/d/e/f/g/h/i/j/k/l');
    for (const folder of [far, long]) mkdirSync(folder, { recursive: true });
    await expect(claimFolder(long, registry())).rejects.toThrow(/too long.*DATA_DIR/);
    const before = process.cwd();
    try {
      for (const [here, folder] of [
        [path.dirname(long), long],
        [far, temporaryFolder()],
      ] as const) {
        process.chdir(here);
        const lock = await claimFolder(folder, registry());
        expect(readdirSync(folder)).toEqual([expect.stringMatching(/^owner-[0-9a-f]{8}\.sock$/)]);
        await lock.release();
        expect(readdirSync(folder)).toEqual([]);
      }
    } finally {
      process.chdir(before);
    }
  });
});

describe('a store that is opened exclusively', () => {
  it('goes to whoever is faster when two find that the last owner is gone', async () => {
    const folder = temporaryFolder();
    await (await openLmdbStore(folder, { exclusive: true })).close(); // leaves its name behind
    const asked = new net.Socket();
    const connect = jest.spyOn(net, 'connect').mockReturnValueOnce(asked);
    const slower = openLmdbStore(folder, { exclusive: true });
    while (connect.mock.calls.length === 0) await new Promise(setImmediate);
    const faster = await openLmdbStore(folder, { exclusive: true });
    asked.emit('error', new Error('nobody there'));
    await expect(slower).rejects.toThrow(FolderInUseError);
    await faster.close();
  });

  it('keeps others from the same, but not from looking into it', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder, { exclusive: true });
    await expect(openLmdbStore(folder, { exclusive: true })).rejects.toThrow(FolderInUseError);
    await (await openLmdbStore(folder)).close();
    await store.close();
    await (await openLmdbStore(folder, { exclusive: true })).close();
  });
});
