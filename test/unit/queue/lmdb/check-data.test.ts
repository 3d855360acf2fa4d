import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { open } from 'lmdb';
import { checkData, checkReadable, findDamage, findUnreadable, readAll } from '../../../../src/queue/lmdb/check-data';
import { encodeRecord, type EventRecord } from '../../../../src/queue/lmdb/record';
import { openLmdbStore } from '../../../../src/queue/lmdb/store';
import * as engine from '../../../../src/queue/lmdb/tables';
import { temporaryFolder } from '../../../support/temporary-folder';

const { DATA_FILE, openTables } = engine;

async function folderWith(count: number): Promise<string> {
  const folder = temporaryFolder();
  const store = await openLmdbStore(folder);
  const events = Array.from({ length: count }, (_, n) => {
    return { id: String(n), page: 'p', conversation: 'c', timestamp: n, payload: {} };
  });
  await store.add(events, count);
  await store.close();
  return folder;
}

/** A program that stands in for the one that reads. */
function programThat(does: string): string {
  const program = path.join(temporaryFolder(), 'program.js');
  writeFileSync(program, does);
  return program;
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('what is looked at before a start', () => {
  it('is the length of the file, to the byte', async () => {
    const folder = await folderWith(1);
    const tables = openTables(folder);
    const { pageSize, lastPageNumber } = tables.root.getStats() as { pageSize: number; lastPageNumber: number };
    const look = (size: number) => {
      const other = temporaryFolder();
      writeFileSync(path.join(other, DATA_FILE), Buffer.alloc(size));
      findUnreadable(other, tables);
    };
    const length = (lastPageNumber + 1) * pageSize;
    expect(() => {
      look(length);
    }).not.toThrow();
    expect(() => {
      look(length - 1);
    }).toThrow('cut off');
    await tables.root.close();
  });

  it('is both ends of each table that events are in, ten entries deep', async () => {
    const folder = await folderWith(30);
    const tables = openTables(folder);
    const { ids, records, done, aside, meta } = tables;
    const reads = [ids, records, done, aside, meta].map((table) => jest.spyOn(table, 'getRange'));
    findUnreadable(folder, tables);
    for (const { mock } of reads)
      expect(mock.calls).toEqual([[{ limit: 10, reverse: false }], [{ limit: 10, reverse: true }]]);
    jest.spyOn(records, 'getRange').mockReturnValue(
      records.getRange().map(() => {
        throw new Error('MDB_CORRUPTED');
      }),
    );
    expect(() => {
      findUnreadable(folder, tables);
    }).toThrow('MDB_CORRUPTED');
    await tables.root.close();
  });
});

describe('what is read after a start', () => {
  it('is each record once, a thousand with one view of the file', async () => {
    const tables = openTables(await folderWith(2_500));
    const reads = jest.spyOn(tables.records, 'getRange');
    const views = jest.spyOn(tables.root, 'resetReadTxn');
    await findDamage(tables);
    expect(reads.mock.calls).toEqual([0, 1_001, 2_001].map((start) => [{ start, limit: 1_000 }]));
    expect(views).toHaveBeenCalledTimes(4);
    await tables.root.close();
  });

  it.each(['ids', 'done', 'aside'] as const)('is every key of %s', async (name) => {
    const tables = openTables(await folderWith(1));
    jest.spyOn(tables[name], 'getKeys').mockImplementation(() => {
      throw new Error('MDB_CORRUPTED');
    });
    await expect(findDamage(tables)).rejects.toThrow('MDB_CORRUPTED');
    await tables.root.close();
  });

  it('is whether a record has the number that it stands under', async () => {
    const tables = openTables(await folderWith(2));
    const text = String(tables.records.get(1));
    await tables.records.put(2, text);
    await tables.ids.put('0', 2);
    await tables.records.remove(1);
    await expect(findDamage(tables)).rejects.toThrow(/1 stored events have changed/);
    await tables.root.close();
  });
});

describe('the program that reads', () => {
  it('says how far it has come', async () => {
    const said: string[] = [];
    await readAll(await folderWith(3), (word) => said.push(word));
    expect(said).toEqual(['readable', 'whole']);
  });

  it('does not go on where the beginning is cut off, and not to the end where a record has changed', async () => {
    const folder = await folderWith(3);
    const tables = openTables(folder);
    await tables.records.put(2, 'x');
    await tables.root.close();
    const said: string[] = [];
    await expect(readAll(folder, (word) => said.push(word))).rejects.toThrow('1 stored events have changed');
    expect(said).toEqual(['readable']);
  });

  it.each([
    [1, ['readable', 'whole']],
    [2, ['readable', 'whole']],
  ])('reads the events of an older form, %d, where there are any', async (format, expected) => {
    const folder = temporaryFolder();
    const tables = openTables(folder);
    await tables.meta.put('format', format);
    await tables.root.close();
    const said: string[] = [];
    await readAll(folder, (word) => said.push(word));
    expect(said).toEqual(expected);
  });

  it('begins with nothing where an event of the oldest form has changed, and looks for none in later ones', async () => {
    const folder = temporaryFolder();
    const root = open({ path: path.join(folder, DATA_FILE), overlappingSync: false });
    const events = root.openDB<string, string>({ name: 'events', encoding: 'string' });
    await events.put('0', encodeRecord({ id: '0', state: 'done' } as unknown as EventRecord));
    await events.put('1', 'damaged');
    const meta = root.openDB<number, string>({ name: 'meta', encoding: 'json' });
    const said: string[] = [];
    for (const format of [1, 3]) {
      await meta.put('format', format);
      const reading = readAll(folder, (word) => said.push(`${format}: ${word}`));
      if (format === 1) await expect(reading).rejects.toThrow('has changed on disk');
      else await reading;
    }
    expect(said).toEqual(['3: readable', '3: whole']);
    await root.close();
  });
});

describe('the first part of the check, for whoever just looks', () => {
  const compiled = path.join(__dirname, '..', '..', '..', '..', 'dist', 'queue', 'lmdb', 'check-data.js');
  const mark = 'check-under-way';

  it('is what is needed to begin, whatever mark a running bot has left, which stays as it is', async () => {
    const folder = await folderWith(1);
    const tables = openTables(folder);
    await tables.records.put(1, 'damaged'); // which the whole check would find
    await tables.root.close();
    await checkReadable(folder);
    expect(readdirSync(folder)).not.toContain(mark);
    writeFileSync(path.join(folder, mark), '');
    await checkReadable(folder, compiled);
    truncateSync(path.join(folder, DATA_FILE), 10_000);
    await expect(checkReadable(folder, compiled)).rejects.toThrow(/are damaged \(.+\)\. Nothing was changed/);
    expect(readdirSync(folder)).toContain(mark);
  });

  it('ends its process, which would read on', async () => {
    const program = programThat("console.log('readable'); setInterval(() => undefined, 1_000)");
    await expect(checkReadable(await folderWith(1), program)).resolves.toBeUndefined();
  });
});

describe('the process that reads', () => {
  it('is given no secret', async () => {
    const folder = await folderWith(1);
    const program = programThat(
      "process.stderr.write('sees ' + Object.keys(process.env).length + ' settings'); process.exitCode = 1",
    );
    const { readable, whole } = checkData(folder, program);
    await expect(readable).rejects.toThrow('damaged (sees 0 settings)');
    await expect(whole).resolves.toBe('sees 0 settings');
  });

  it('can be run as it was written, too', async () => {
    const program = path.join(__dirname, '..', '..', '..', '..', 'src', 'queue', 'lmdb', 'check-data.ts');
    const { readable, whole } = checkData(await folderWith(1), program);
    await readable;
    await expect(whole).resolves.toBeUndefined();
  });

  it('names what ended it, where it has not said so itself', async () => {
    const folder = await folderWith(1);
    const ends = async (program: string) => {
      const { readable, whole } = checkData(folder, programThat(program));
      await expect(readable).rejects.toThrow('are damaged');
      return whole;
    };
    await expect(ends('process.exit(3)')).resolves.toBe('exit code 3');
    await expect(ends("process.kill(process.pid, 'SIGKILL')")).resolves.toBe('SIGKILL');
    await expect(ends("console.error('first\\nlast'); process.exit(1)")).resolves.toBe('last');
  });
});
