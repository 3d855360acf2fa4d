import type { Clock } from '../../process/clock';
import { isRepeated } from '../event-store';
import type { Arrivals } from './arrivals';
import type { DataFile } from './data-file';
import type { EndedNotes } from './ended-notes';
import { decodeRecord, encodeRecord, type EventRecord } from './record';
import type { Schedule } from './schedule';
import type { Tables } from './tables';

/** What the parts of the store share. */
export interface Parts {
  readonly file: DataFile;
  readonly arrivals: Arrivals;
  readonly notes: EndedNotes;
  /** Events that the log holds, but the data file does not yet, by their numbers. */
  readonly fresh: Map<number, EventRecord>;
  /** The numbers of events that have ended, until the data file says so. */
  readonly ended: Set<number>;
  readonly schedule: Schedule;
  readonly clock: Clock;
  /** Told of a stored event that cannot be read. */
  readonly onDamage: (message: string) => void;
  /** The highest number that is in use. */
  sequence: number;
  /** Whether everything that waited at the start stands in the schedule. */
  isLoaded: boolean;
  /** The last try to read it has failed. */
  isUnreadable: boolean;
}

/**
 * Reads a waiting or set-aside event.
 *
 * @returns undefined when it is gone
 * @throws {DamagedRecordError} when it is not what was written
 */
export function read({ records }: Tables, sequence: number): EventRecord | undefined {
  const text = records.get(sequence);
  return text === undefined ? undefined : decodeRecord(text);
}

/** The same by the event's id. */
export function readById(tables: Tables, id: string): EventRecord | undefined {
  const sequence = tables.ids.get(id);
  return sequence === undefined ? undefined : read(tables, sequence);
}

/** The same for an event that the loop comes to: where it cannot be read, that is said, and the others go on. */
export function readOrSay({ file, fresh, onDamage }: Parts, sequence: number): EventRecord | undefined {
  try {
    const record = fresh.get(sequence) ?? read(file.tables, sequence);
    const isDropped = () => file.tables.changed.doesExist(sequence);
    if (!record && !isDropped())
      onDamage(`the stored event number ${sequence} is gone from the disk and cannot be handled`);
    return record;
  } catch {
    onDamage(`the stored event number ${sequence} has changed on disk and cannot be handled`);
    return undefined;
  }
}

/** Writes a record anew, unless it is gone; tells which. Inside a transaction. */
export function rewrite({ records }: Tables, record: EventRecord): boolean {
  if (!records.doesExist(record.sequence)) return false;
  void records.put(record.sequence, encodeRecord(record));
  return true;
}

/** An event that has come in, and as it is written. */
export interface Arrival {
  readonly record: EventRecord;
  readonly text: string;
}

/** Puts new events down; of those that have ended by now only the ids. Inside a transaction. */
export function putDown(tables: Tables, arrivals: readonly Arrival[], ended: ReadonlySet<number>, now: number): void {
  const { ids, records, done, meta } = tables;
  for (const { record, text } of arrivals) {
    const { id, sequence } = record;
    void ids.put(id, sequence);
    if (ended.has(sequence)) void done.put([now, sequence], id);
    else void records.put(sequence, text);
    void meta.put('sequence', sequence);
  }
}

/**
 * What stands in the log and not yet in the data file. Its last line may be cut off: then nobody was told that it is safe.
 *
 * @throws {StoreFormatError} when the log cannot be read
 */
export function notYetPutDown({ file, arrivals, onDamage }: Parts): Arrival[] {
  const { meta, ids } = file.tables;
  const known = Number(meta.get('sequence') ?? 0);
  const lines = arrivals.left();
  const found = new Map<string, Arrival>();
  for (const [index, text] of lines.entries()) {
    try {
      const record = decodeRecord(text);
      if (record.sequence > known && !ids.doesExist(record.id)) found.set(record.id, { record, text });
    } catch {
      if (index < lines.length - 1)
        onDamage('an event that had just come in has changed on disk and cannot be handled');
    }
  }
  return [...found.values()];
}

/** Makes what tells whether an event has ended, as far as the notes know it: the data file may not yet. */
export function endedByNow({ notes }: Parts): (record: EventRecord) => boolean {
  const ends = new Map(notes.left().map(({ id, sequence }) => [id, sequence]));
  return ({ id, sequence }) => ends.has(id) && (ends.get(id) ?? sequence) === sequence;
}

/** Puts an event into the schedule. */
export function enter({ schedule, clock }: Parts, record: EventRecord, isAtHand: boolean): void {
  const { sequence, timestamp, retriedAt, calls, page, conversation } = record;
  const event = isAtHand ? record : undefined;
  const marks = { repeated: isRepeated(record), putBack: retriedAt !== undefined, begun: calls.length > 0 };
  const waiting = { sequence, timestamp, ...marks, event, next: undefined };
  schedule.add(page, conversation, waiting, clock.monotonic());
}

/** Ends an event, unless it is gone: of it only the id is kept. Inside a transaction. */
export function end(tables: Tables, record: Pick<EventRecord, 'id' | 'sequence' | 'endedAt'>, now: number): void {
  if (!tables.records.doesExist(record.sequence)) return;
  void tables.records.remove(record.sequence);
  if (record.endedAt !== undefined) void tables.aside.remove([record.endedAt, record.sequence]);
  void tables.done.put([now, record.sequence], record.id);
}
