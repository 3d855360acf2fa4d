import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkData, findDamage } from '../../../src/queue/check-data';
import { StoreError, StoreFormatError } from '../../../src/queue/event-store';
import { FORMAT, openLmdbStore } from '../../../src/queue/lmdb-store';
import { DATA_FILE, openTables } from '../../../src/queue/lmdb-tables';
import { DamagedRecordError, decodeRecord, encodeRecord } from '../../../src/queue/record';
import { eventStoreContract } from '../../contract/event-store';
import { temporaryFolder } from '../../support/temporary-folder';

const NOW = 1_795_384_800_000;
const event = (id: string) => ({ id, conversation: 'a', timestamp: NOW, payload: { text: 'hi' } });
const program = path.join(__dirname, '..', '..', '..', 'dist', 'queue', 'check-data.js');
const check = (folder: string) => checkData(folder, program);

eventStoreContract('LMDB', openLmdbStore, temporaryFolder);

async function folderWith(ids: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  const store = await openLmdbStore(folder);
  await store.add(ids.map(event), NOW);
  await store.close();
  return folder;
}

describe('the data folder', () => {
  it('is made, for the owner only', async () => {
    const folder = path.join(temporaryFolder(), 'deep', 'data');
    await (await openLmdbStore(folder)).close();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('is refused when a newer version has written there, and left as it is', async () => {
    const folder = await folderWith(['1']);
    const tables = openTables(folder);
    await tables.meta.put('format', FORMAT + 1);
    await tables.root.close();
    await expect(openLmdbStore(folder)).rejects.toThrow(StoreFormatError);
    await expect(openLmdbStore(folder)).rejects.toThrow(/newer version.*DATA_DIR/);
  });

  it('may be removed under a running process: nothing that was acknowledged is lost', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder);
    await store.add([event('before')], NOW);
    rmSync(folder, { recursive: true });
    await store.add([event('after')], NOW);
    await store.add([event('later')], NOW);
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
    const reopened = await openLmdbStore(folder);
    expect([...reopened.list()].map(({ id }) => id).sort()).toEqual(['after', 'before', 'later']);
    await reopened.close();
  });

  it('says so when it cannot be written any more', async () => {
    const folder = temporaryFolder();
    const store = await openLmdbStore(folder);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'a file in its place');
    await expect(store.add([event('1')], NOW)).rejects.toThrow(StoreError);
    rmSync(folder);
    mkdirSync(folder);
    await store.add([event('2')], NOW);
    await store.close();
    await expect(check(folder)).resolves.toBeUndefined();
  });
});

describe('the check of what is stored', () => {
  it('finds nothing wrong with a whole file, and with none', async () => {
    await expect(check(await folderWith(['1', '2']))).resolves.toBeUndefined();
    await expect(check(temporaryFolder())).resolves.toBeUndefined();
  });

  it.each<[string, (file: string) => void]>([
    [
      'is cut off',
      (file) => {
        truncateSync(file, 5_000);
      },
    ],
    [
      'is empty of sense',
      (file) => {
        writeFileSync(file, Buffer.alloc(32_768, 'garbage '));
      },
    ],
    [
      'has a changed letter',
      (file) => {
        const bytes = readFileSync(file);
        const changed = bytes.toString('latin1').replaceAll('"text":"hi"', '"text":"ho"');
        writeFileSync(file, changed, 'latin1');
      },
    ],
    [
      'has lost its pages',
      (file) => {
        const bytes = readFileSync(file);
        bytes.fill(0xff, 8_192);
        writeFileSync(file, bytes);
      },
    ],
  ])('refuses a file that %s, in words, and changes nothing', async (_what, damage) => {
    const folder = await folderWith(['1', '2']);
    const file = path.join(folder, DATA_FILE);
    damage(file);
    const copy = path.join(temporaryFolder(), 'copy');
    copyFileSync(file, copy);
    await expect(check(folder)).rejects.toThrow(/are damaged \(.+\)\. Nothing was changed\..*backup/);
    expect(readFileSync(file).equals(readFileSync(copy))).toBe(true);
  });

  it.each<[string, (tables: ReturnType<typeof openTables>) => Promise<unknown>, RegExp]>([
    [
      'a waiting event that its conversation does not know',
      ({ waiting }) => waiting.clearAsync(),
      /missing from its conversation/,
    ],
    ['a conversation that is never due', ({ due }) => due.clearAsync(), /missing from its conversation/],
    [
      'a conversation without its record',
      ({ conversations }) => conversations.clearAsync(),
      /missing from its conversation/,
    ],
    [
      'an event in the place of another',
      ({ events }) => events.put('2', encodeRecord({ id: 'x', state: 'done', endedAt: 1 })),
      /place of another/,
    ],
    ['an event that is gone', ({ events }) => events.remove('1'), /2 events should wait, but 1 were found/],
    ['a lost counter', ({ meta }) => meta.remove('sequence'), /counter of events/],
  ])('finds %s', async (_what, damage, message) => {
    const tables = openTables(await folderWith(['1', '2']));
    expect(() => {
      findDamage(tables);
    }).not.toThrow();
    await damage(tables);
    expect(() => {
      findDamage(tables);
    }).toThrow(message);
    await tables.root.close();
  });

  it('finds nothing wrong with empty tables', async () => {
    const tables = openTables(await folderWith([]));
    expect(() => {
      findDamage(tables);
    }).not.toThrow();
    await tables.root.close();
  });

  it('accepts done and set-aside events', async () => {
    const folder = await folderWith(['1', '2', '3']);
    const store = await openLmdbStore(folder);
    await store.finish('1', NOW);
    await store.setAside('2', 'why', NOW);
    await store.close();
    const tables = openTables(folder);
    expect(() => {
      findDamage(tables);
    }).not.toThrow();
    await tables.root.close();
    await expect(check(folder)).resolves.toBeUndefined();
  });
});

describe('a conversation that was lost', () => {
  it('does not keep an event from ending', async () => {
    const folder = await folderWith(['1']);
    const store = await openLmdbStore(folder);
    const tables = openTables(folder);
    await tables.conversations.clearAsync();
    await store.noteCall('1', { path: '/messages', answer: {} });
    await store.finish('1', NOW);
    expect(store.countWaiting()).toBe(0);
    await store.close();
  });
});

describe('a record', () => {
  it('is read back as it was written, or not at all', () => {
    const text = encodeRecord({ id: 'ä👋', state: 'done', endedAt: 1 });
    expect(decodeRecord(text)).toEqual({ id: 'ä👋', state: 'done', endedAt: 1 });
    for (const damaged of ['', 'x', text.slice(0, -1), text.replace('done', 'dont'), text.slice(1)]) {
      expect(() => decodeRecord(damaged)).toThrow(DamagedRecordError);
    }
  });
});
