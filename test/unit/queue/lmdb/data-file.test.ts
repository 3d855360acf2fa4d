import fs from 'node:fs';
import path from 'node:path';
import { StoreError } from '../../../../src/queue/event-store';
import { openDataFile } from '../../../../src/queue/lmdb/data-file';
import { openLmdbStore } from '../../../../src/queue/lmdb/store';
import * as engine from '../../../../src/queue/lmdb/tables';
import { temporaryFolder } from '../../../support/temporary-folder';

const { DATA_FILE } = engine;

afterEach(() => {
  jest.restoreAllMocks();
});

function opened() {
  const folder = temporaryFolder();
  const open = jest.spyOn(engine, 'openTables').mockClear();
  const said: string[] = [];
  const file = openDataFile(folder, {
    say: (message) => said.push(message),
    moving: () => Promise.resolve(),
    moved: () => undefined,
  });
  return {
    ...{ folder, file, open, said },
    put: (key: string) => file.transact(({ meta }) => void meta.put(key, 1)),
    keys: () => [...file.tables.meta.getKeys()],
    /** Does what the engine does when it could not write its last page: it never answers again. */
    fail: () => {
      const { root } = file.tables;
      jest
        .spyOn(root, 'transaction')
        .mockRejectedValueOnce(new Error('EIO'))
        .mockReturnValue(new Promise(() => undefined));
    },
  };
}

describe('a data file whose last commit has failed', () => {
  it('is opened anew before the next change: the engine may never answer again', async () => {
    const { file, open, put, keys, fail } = opened();
    await put('a');
    fail();
    await expect(put('b')).rejects.toThrow(/^The events could not be stored: EIO$/);
    expect(open).toHaveBeenCalledTimes(1);
    await put('c');
    await put('d');
    expect(open).toHaveBeenCalledTimes(2);
    expect(keys()).toEqual(['a', 'c', 'd']);
    await file.close();
  });

  it('is not opened, but written anew, where it was removed meanwhile: else all in it would be lost', async () => {
    const { folder, file, put, keys, fail } = opened();
    await put('a');
    fail();
    await expect(put('b')).rejects.toThrow(StoreError);
    fs.rmSync(path.join(folder, DATA_FILE));
    await put('c');
    expect(keys()).toEqual(['a', 'c']);
    await file.close();
    const tables = engine.openTables(folder);
    expect([...tables.meta.getKeys()]).toEqual(['a', 'c']);
    await tables.root.close();
  });

  it('is written anew, too, where only its lock file was removed meanwhile', async () => {
    const { folder, file, said, put, keys, fail } = opened();
    await put('a');
    fail();
    await expect(put('b')).rejects.toThrow('EIO');
    fs.rmSync(path.join(folder, `${DATA_FILE}-lock`));
    await put('c');
    expect(said).toEqual(['the lock file of the data file was removed; it is back']);
    expect(keys()).toEqual(['a', 'c']);
    await file.close();
  });

  it('is tried again where it cannot be opened', async () => {
    const { file, open, put, keys, fail } = opened();
    await put('a');
    fail();
    await expect(put('b')).rejects.toThrow('EIO');
    open.mockImplementationOnce(() => {
      throw new Error('EMFILE');
    });
    await expect(put('c')).rejects.toThrow('EMFILE');
    await put('d');
    expect(keys()).toEqual(['a', 'd']);
    await file.close();
  });
});

describe('an event that comes in after a commit has failed', () => {
  it('is taken in: the data file is opened anew first, since nothing can be read in it', async () => {
    const open = jest.spyOn(engine, 'openTables').mockClear();
    const store = await openLmdbStore(temporaryFolder());
    const { root, ids } = open.mock.results[0]?.value as engine.Tables;
    jest.spyOn(root, 'transaction').mockRejectedValueOnce(new Error('EIO'));
    jest.spyOn(ids, 'doesExist').mockImplementation(() => {
      throw new Error('MDB_PANIC');
    });
    await expect(store.retry('x')).rejects.toThrow('EIO');
    const event = { id: '1', page: 'p', conversation: 'c', timestamp: 1, payload: {} };
    await expect(store.add([event], 10)).resolves.toEqual({ added: 1, known: 0 });
    await store.close();
  });
});

describe('a data file that was written anew', () => {
  const writtenButNotOpened = async () => {
    const all = opened();
    await all.put('a');
    fs.rmSync(path.join(all.folder, DATA_FILE));
    all.open.mockImplementationOnce(() => {
      throw new Error('EMFILE');
    });
    await expect(all.file.check()).rejects.toThrow('EMFILE');
    return all;
  };

  it('is not taken for somebody else’s where it could not be opened at first', async () => {
    const { folder, file, said, put, keys } = await writtenButNotOpened();
    await file.check();
    await put('b');
    expect(keys()).toEqual(['a', 'b']);
    expect(fs.readdirSync(folder).sort()).toEqual([DATA_FILE, `${DATA_FILE}-lock`]);
    expect(said).toEqual(['the data file was removed; it is back']);
    await file.close();
  });

  it('is written once more where it was removed again before it could be opened', async () => {
    const { folder, file, said, put, keys } = await writtenButNotOpened();
    fs.rmSync(path.join(folder, DATA_FILE));
    await put('b');
    expect(keys()).toEqual(['a', 'b']);
    expect(said).toHaveLength(2);
    await file.close();
  });
});

describe('the lock file beside the data file', () => {
  it('may be removed: others who look would not be heard, so both are written anew', async () => {
    const { folder, file, said, put } = opened();
    await put('a');
    fs.rmSync(path.join(folder, `${DATA_FILE}-lock`));
    await file.check();
    const other = engine.openTables(folder);
    await other.meta.put('b', 1);
    await other.root.close();
    await put('c');
    await file.close();
    const found = engine.openTables(folder);
    expect([...found.meta.getKeys()]).toEqual(['a', 'b', 'c']);
    await found.root.close();
    expect(fs.readdirSync(folder).sort()).toEqual([DATA_FILE, `${DATA_FILE}-lock`]);
    expect(said).toEqual(['the lock file of the data file was removed; it is back']);
  });
});
