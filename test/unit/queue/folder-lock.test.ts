import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import nock from 'nock';
import { FolderInUseError, claimFolder, type OwnerRegistry } from '../../../src/queue/folder-lock';
import { openLmdbStore } from '../../../src/queue/lmdb-store';
import { temporaryFolder } from '../../support/temporary-folder';

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

describe('claimFolder', () => {
  it('lets one process in, and the next one once it has left', async () => {
    const folder = temporaryFolder();
    const owners = registry();
    const release = await claimFolder(folder, owners);
    await expect(claimFolder(folder, owners)).rejects.toThrow(FolderInUseError);
    await expect(claimFolder(folder, owners)).rejects.toThrow(/Another bot .* DATA_DIR/);
    await release();
    await (
      await claimFolder(folder, owners)
    )();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not held up by what a killed process has left behind, and removes it', async () => {
    const folder = temporaryFolder();
    const left = path.join(folder, 'owner-dead.sock');
    writeFileSync(left, '');
    await (
      await claimFolder(folder, registry('owner-dead.sock'))
    )();
    expect(existsSync(left)).toBe(false);
  });

  it('lets only one of many in that come at once', async () => {
    const folder = temporaryFolder();
    const owners = registry('owner-dead.sock');
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => claimFolder(folder, owners)));
    const winners = outcomes.filter((one) => one.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const { value } of winners) await value();
  });

  it('works in a folder whose absolute path is too long for a socket, and from one that is far away', async () => {
    const far = path.join(temporaryFolder(), ...'abcdefghij');
    const long = path.join(temporaryFolder(), 'x'.repeat(90), 'y'.repeat(90));
    for (const folder of [far, long]) mkdirSync(folder, { recursive: true });
    const before = process.cwd();
    try {
      process.chdir(path.dirname(long));
      await (
        await claimFolder(long, registry())
      )();
      process.chdir(far);
      await (
        await claimFolder(temporaryFolder(), registry())
      )();
    } finally {
      process.chdir(before);
    }
    expect(readdirSync(long)).toEqual([]);
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
