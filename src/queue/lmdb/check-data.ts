import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import path from 'node:path';
import { StoreFormatError } from '../event-store';
import { DamagedRecordError, decodeRecord, parseChecked } from './record';
import { DATA_FILE, entries, openTables, type Tables } from './tables';

/** What the program says once the file can be opened and every table be read, and once every record has been. */
const READABLE = 'readable';
const WHOLE = 'whole';

/** A file that stands in the folder while records are being read: where it was left, the engine may have come to harm. */
const MARK = 'check-under-way';

/** How many records are looked at with one view of the file: while a view is kept, the file only grows. */
const AT_ONCE = 1_000;

/** The check of a data folder, under way. */
export interface DataCheck {
  /**
   * Resolves when the file could be opened, is as long as it says, and both ends of each table that events are in could be read.
   *
   * @throws {StoreFormatError} when the file is damaged as a whole; nothing has been changed
   */
  readonly readable: Promise<void>;
  /** Resolves when every record was read, or the check was stopped: with what is wrong, or undefined. It may take minutes. */
  readonly whole: Promise<string | undefined>;
  /** Ends the check, so that its process does not outlive this one. */
  readonly stop: () => Promise<void>;
}

/**
 * Checks what is stored, in a process of its own: the engine maps its file into memory, and a damaged file can end the process
 * that reads it. First what is needed to begin, then, with low priority, every record. Where an earlier process ended before
 * all was read, nothing begins before.
 *
 * @param folder the data folder; one without a data file is whole
 * @param program what is run with the folder as its argument: this file, compiled or not
 */
export function checkData(folder: string, program = __filename): DataCheck {
  if (!existsSync(path.join(folder, DATA_FILE))) {
    return { readable: Promise.resolve(), whole: Promise.resolve(undefined), stop: () => Promise.resolve() };
  }
  const mark = path.join(folder, MARK);
  const isPatient = existsSync(mark);
  const reader = startReader(folder, program);
  const whole = reader.ended.finally(() => {
    try {
      rmSync(mark, { force: true });
    } catch {
      // A folder that cannot be written: the next check is a patient one.
    }
  });
  const readable = reader.hasSaid(isPatient ? WHOLE : READABLE).then(() => {
    if (!isPatient) writeFileSync(mark, '');
  });
  const stop = async (): Promise<void> => {
    await reader.stop();
    await whole;
  };
  return { readable, whole, stop };
}

/**
 * Makes only the first part of the check, for whoever just looks, also beside a running bot: its mark is left alone.
 *
 * @param folder the data folder, with a data file
 * @param program as for `checkData`
 * @throws {StoreFormatError} when the file is damaged as a whole
 */
export async function checkReadable(folder: string, program = __filename): Promise<void> {
  const reader = startReader(folder, program);
  await reader.hasSaid(READABLE);
  await reader.stop();
}

/** Runs the program that reads; it ends with what is wrong, or undefined. */
function startReader(folder: string, program: string) {
  const loader = program.endsWith('.ts') ? ['-r', 'ts-node/register/transpile-only'] : [];
  const child = spawn(process.execPath, [...loader, program, folder], { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
  let said = '';
  let complaints = '';
  let isStopped = false;
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => {
    if (said.includes(WHOLE) || isStopped) return undefined;
    return [complaints.trim().split('\n').at(-1), signal, `exit code ${String(code)}`].find(Boolean) as string;
  });
  const refuse = async (): Promise<void> => {
    const reason = await ended;
    if (reason === undefined) return;
    throw new StoreFormatError(
      `The stored events in ${path.join(folder, DATA_FILE)} are damaged (${reason}). Nothing was changed. Restore a backup of the folder, or move it away to start with an empty one: the events in it would then not be answered.`,
    );
  };
  return {
    ended,
    /** Resolves when the program has said a word; rejects when it ends before with something wrong. */
    hasSaid: (word: string): Promise<void> =>
      Promise.race([
        new Promise<void>((resolve) => {
          child.stdout.on('data', () => {
            if (said.includes(word)) resolve();
          });
        }),
        refuse(),
      ]),
    stop: async (): Promise<void> => {
      isStopped = true;
      child.kill();
      await ended;
    },
  };
}

/**
 * Looks whether the file is as long as its tables say, and whether they can be read at both ends.
 *
 * @throws {DamagedRecordError} naming the first mistake that is found
 */
export function findUnreadable(folder: string, tables: Tables): void {
  const { root, ids, records, done, aside, meta } = tables;
  const { pageSize, lastPageNumber } = root.getStats() as { pageSize: number; lastPageNumber: number };
  const { size } = statSync(path.join(folder, DATA_FILE));
  if (size < (lastPageNumber + 1) * pageSize) throw new DamagedRecordError('the file is cut off');
  for (const table of [ids, records, done, aside, meta]) {
    for (const reverse of [false, true]) table.getRange({ limit: 10, reverse }).forEach(() => undefined);
  }
}

/**
 * Reads all events and ids, bit by bit.
 *
 * @throws {DamagedRecordError} naming what is wrong
 */
export async function findDamage({ root, ids, records, done, aside }: Tables): Promise<void> {
  let damaged = 0;
  for (let from = 0, part = AT_ONCE; part === AT_ONCE;) {
    root.resetReadTxn();
    part = 0;
    for (const { key, value } of records.getRange({ start: from, limit: AT_ONCE })) {
      part += 1;
      from = key + 1;
      if (!isWhole(value, key, ids)) damaged += 1;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (damaged > 0) throw new DamagedRecordError(`${damaged} stored events have changed on disk`);
  for (const table of [ids, done, aside]) {
    table.getKeys({ snapshot: false }).forEach(() => undefined);
  }
  root.resetReadTxn();
  const [known, kept] = [entries(ids), entries(records) + entries(done)];
  if (known !== kept) throw new DamagedRecordError(`${known} events are known, but ${kept} were found`);
}

function isWhole(text: string, sequence: number, ids: Tables['ids']): boolean {
  try {
    const record = decodeRecord(text);
    return record.sequence === sequence && ids.get(record.id) === sequence;
  } catch {
    return false;
  }
}

/**
 * What the program does: reads what is needed to begin, and then everything.
 *
 * @param say is told how far it has come
 * @throws what is wrong
 */
export async function readAll(folder: string, say: (word: string) => void): Promise<void> {
  const tables = openTables(folder);
  findUnreadable(folder, tables);
  if (tables.meta.get('format') === 1) {
    const old = tables.root.openDB<string, string>({ name: 'events', encoding: 'string' });
    for (const { value } of old.getRange()) parseChecked(value);
  }
  say(READABLE);
  await findDamage(tables);
  say(WHOLE);
}

/* istanbul ignore next -- only as a program of its own: test/unit runs it compiled */
if (require.main === module) {
  const say = (word: string) => {
    process.stdout.write(`${word}\n`);
    setPriority(constants.priority.PRIORITY_LOW);
  };
  readAll(process.argv[2] ?? '', say).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}
