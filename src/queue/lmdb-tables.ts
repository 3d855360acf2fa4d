import path from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import type { NewEvent } from './event-store';
import { encodeRecord, type EventRecord } from './record';

/* The tables of the LMDB store, and the changes inside a transaction that keep them in step with each other. */

/** The file inside the data folder. */
export const DATA_FILE = 'events.mdb';

/** How many events are forgotten in one transaction. */
export const CLEAN_AT_ONCE = 1_000;

/** A conversation that has events waiting. */
interface Conversation {
  readonly dueAt: number;
  /** The event whose calls have begun: it goes on before any other. */
  readonly begun?: string;
}

/** The tables of the data file. */
export interface Tables {
  readonly root: RootDatabase;
  /** id → record of every known event */
  readonly events: Database<string, string>;
  /** [conversation, timestamp, sequence] → id of every waiting event */
  readonly waiting: Database<string>;
  /** conversation → when it is due, of every conversation with a waiting event */
  readonly conversations: Database<Conversation, string>;
  /** [due at, conversation] of every conversation with a waiting event */
  readonly due: Database<true>;
  /** [state, ended at, id] of every done and set-aside event */
  readonly ended: Database<true>;
  /** counters, the format's version, and the process that owns the folder */
  readonly meta: Database<number | string, string>;
}

/** Opens the tables of a data folder, which must exist. */
export function openTables(folder: string): Tables {
  // Without overlappingSync a commit is flushed before its promise resolves.
  const root = open({ path: path.join(folder, DATA_FILE), overlappingSync: false });
  return {
    root,
    events: root.openDB({ name: 'events', encoding: 'string' }),
    waiting: root.openDB({ name: 'waiting', encoding: 'string' }),
    conversations: root.openDB({ name: 'conversations', encoding: 'json' }),
    due: root.openDB({ name: 'due', encoding: 'json' }),
    ended: root.openDB({ name: 'ended', encoding: 'json' }),
    meta: root.openDB({ name: 'meta', encoding: 'json' }),
  };
}

/** Takes in an event, unless it is known already; tells which. */
export function addOne(db: Tables, { id, conversation, timestamp, payload }: NewEvent, now: number): boolean {
  if (db.events.doesExist(id)) return false;
  const sequence = Number(db.meta.get('sequence') ?? 0) + 1;
  void db.meta.put('sequence', sequence);
  const state = { state: 'waiting', attempts: 0, calls: [] } as const;
  enqueue(db, { id, conversation, timestamp, payload, sequence, receivedAt: now, ...state });
  return true;
}

/** Writes an event and puts it to its place in its conversation. */
export function enqueue(db: Tables, record: EventRecord): void {
  write(db, record);
  void db.waiting.put([record.conversation, record.timestamp, record.sequence], record.id);
  if (!db.conversations.doesExist(record.conversation))
    schedule(db, record.conversation, record.retriedAt ?? record.receivedAt);
}

/** Takes an event out of its conversation. */
export function leave(db: Tables, record: EventRecord): void {
  const { conversation } = record;
  void db.waiting.remove([conversation, record.timestamp, record.sequence]);
  const { dueAt, begun } = conversationOf(db, record);
  if (firstWaiting(db, conversation) === undefined) {
    void db.conversations.remove(conversation);
    void db.due.remove([dueAt, conversation]);
  } else if (begun === record.id) {
    void db.conversations.put(conversation, { dueAt });
  }
}

/** Ends a waiting or set-aside event; only its id is kept. */
export function end(db: Tables, record: EventRecord, now: number): void {
  if (record.state === 'waiting') leave(db, record);
  else void db.ended.remove(['set_aside', Number(record.endedAt), record.id]);
  void db.events.put(record.id, encodeRecord({ id: record.id, state: 'done', endedAt: now }));
  void db.ended.put(['done', now, record.id], true);
}

/** Sets when a conversation is due. */
export function schedule(db: Tables, conversation: string, dueAt: number): void {
  const before = db.conversations.get(conversation);
  if (before) void db.due.remove([before.dueAt, conversation]);
  void db.due.put([dueAt, conversation], true);
  void db.conversations.put(conversation, { ...before, dueAt });
}

/** Writes the record of an event. */
export function write(db: Tables, record: EventRecord): void {
  void db.events.put(record.id, encodeRecord(record));
}

/** The id of the waiting event with the smallest timestamp. */
export function firstWaiting({ waiting }: Tables, conversation: string): string | undefined {
  const [first] = waiting.getRange({ start: [conversation], end: [conversation, Infinity], limit: 1 });
  return first?.value;
}

/** The keys in `ended` of one state up to a time, oldest first. */
export function endedBefore({ ended }: Tables, state: string, time: number): [string, number, string][] {
  const range = ended.getKeys({ start: [state], end: [state, time], limit: CLEAN_AT_ONCE });
  return [...range] as [string, number, string][];
}

/** How many entries a table has. */
export function entries(table: Database<string>): number {
  const { entryCount } = table.getStats() as { entryCount: number };
  return entryCount;
}

/** Every waiting event has one; where it is missing all the same, it is due at once. */
export function conversationOf({ conversations }: Tables, { conversation }: EventRecord): Conversation {
  return conversations.get(conversation) ?? { dueAt: 0 };
}
