import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { StoreFormatError } from './event-store';
import { DATA_FILE, openTables, type Tables } from './lmdb-tables';
import { DamagedRecordError, decodeRecord } from './record';

/** The exit code of the process that has read everything and found it whole. Any other means damage. */
const WHOLE = 0;

/**
 * Reads everything that is stored, in a process of its own: the engine maps its file into memory, and a damaged file can end
 * the process that reads it.
 *
 * @param folder the data folder; one without a data file is whole
 * @param program what is run with the folder as its argument: this file, compiled or not
 * @throws {StoreFormatError} when something is damaged; nothing has been changed
 */
export async function checkData(folder: string, program = __filename): Promise<void> {
  const file = path.join(folder, DATA_FILE);
  if (!existsSync(file)) return;
  const loader = program.endsWith('.ts') ? ['-r', 'ts-node/register/transpile-only'] : [];
  const child = spawn(process.execPath, [...loader, program, folder], { stdio: ['ignore', 'ignore', 'pipe'], env: {} });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === WHOLE) return;
  const reasons = [said.trim().split('\n').slice(-1).join(), signal, `exit code ${String(code)}`];
  throw new StoreFormatError(
    `The stored events in ${file} are damaged (${String(reasons.find(Boolean))}). Nothing was changed. Restore a backup of the folder, or move it away to start with an empty one: the events in it would then not be answered.`,
  );
}

/**
 * Looks for records that have changed, and for waiting events that no conversation knows of.
 *
 * @throws {DamagedRecordError} naming the first mistake that is found
 */
export function findDamage({ events, waiting, conversations, due, meta }: Tables): void {
  let expected = 0;
  for (const { key, value } of events.getRange()) {
    const record = decodeRecord(value);
    if (record.id !== key) throw new DamagedRecordError('an event stands in the place of another');
    if (record.state !== 'waiting') continue;
    expected += 1;
    const conversation = conversations.get(record.conversation);
    const known =
      waiting.get([record.conversation, record.timestamp, record.sequence]) === key &&
      conversation !== undefined &&
      due.doesExist([conversation.dueAt, record.conversation]);
    if (!known) throw new DamagedRecordError('a waiting event is missing from its conversation');
  }
  const found = [...waiting.getKeys()].length;
  if (found !== expected) throw new DamagedRecordError(`${found} events should wait, but ${expected} were found`);
  if (found > 0 && meta.get('sequence') === undefined) throw new DamagedRecordError('the counter of events is missing');
}

/* istanbul ignore next -- only as a program of its own: test/integration runs it compiled */
if (require.main === module) {
  try {
    findDamage(openTables(process.argv[2] ?? ''));
    process.exit(WHOLE);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
