import { mkdirSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { describeCommitError } from './commit-error';
import {
  KEEP_DONE_MS,
  KEEP_SET_ASIDE_MS,
  StoreError,
  StoreFormatError,
  type EventStore,
  type NewEvent,
} from './event-store';
import { claimFolder } from './folder-lock';
import { decodeRecord, encodeRecord, type EventRecord } from './record';

/** Raise it when what is stored changes its form, and teach `openLmdbStore` to read the older one. */
export const FORMAT = 1;

/** The file inside the data folder. */
export const DATA_FILE = 'events.mdb';

const CLEAN_AT_ONCE = 1_000;

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
  const root = open({ path: path.join(folder, DATA_FILE), overlappingSync: false, noMemInit: true });
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

/**
 * Opens the store in a folder, which is made (mode 0700) if it is missing. LMDB commits in groups and flushes off the main
 * thread; several processes may have it open, and see each other's changes.
 *
 * @param folder the data folder
 * @param options `exclusive`: no other process may have opened it exclusively, too
 * @throws {StoreFormatError} when a newer version of this program has written there
 * @throws {FolderInUseError} when another process has opened it exclusively
 */
export async function openLmdbStore(folder: string, { exclusive = false } = {}): Promise<EventStore> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let tables = openTables(folder);
  const release = await prepare(tables, folder, exclusive).catch(async (error: unknown) => {
    await tables.root.close();
    throw error;
  });
  let openFile = fileIdentity(folder);
  let repairing: Promise<void> | undefined;

  /** The file was removed or replaced under us: what is still open goes on into a new one, and nothing is lost. */
  const writeAnew = async (): Promise<void> => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lost = tables;
    await lost.root.backup(path.join(folder, DATA_FILE), false);
    tables = openTables(folder);
    openFile = fileIdentity(folder);
    await lost.root.close();
  };

  /**
   * Runs a transaction. The callback must not throw once it has written: LMDB keeps what came before.
   * The file is looked for before and after: a write into a removed file would succeed and be gone with the process.
   */
  const transact = async <Result>(change: (tables: Tables) => Result): Promise<Result> => {
    try {
      await repairing;
      const { root } = tables;
      const result = await root.transaction(() => change(tables));
      root.resetReadTxn(); // later reads see this change
      if (!(await isStillThere(folder, openFile))) {
        repairing ??= writeAnew().finally(() => (repairing = undefined));
        await repairing;
      }
      return result;
    } catch (error) {
      throw new StoreError(`The events could not be stored: ${await describeCommitError(error)}`);
    }
  };

  const read = (id: string): EventRecord | undefined => {
    const text = tables.events.get(id);
    const record = text === undefined ? undefined : decodeRecord(text);
    return record?.state === 'done' ? undefined : record;
  };

  return {
    add: (events, now) =>
      transact((db) => {
        const fresh = events.filter((event) => addOne(db, event, now));
        return { added: fresh.length, known: events.length - fresh.length };
      }),
    countWaiting: () => entries(tables.waiting),
    dueConversations: (now, limit, except) => {
      const found: string[] = [];
      for (const [dueAt, conversation] of tables.due.getKeys() as Iterable<[number, string]>) {
        if (dueAt > now || found.length >= limit) break;
        if (!except.has(conversation)) found.push(conversation);
      }
      return found;
    },
    nextDueAt: (except) => {
      for (const [dueAt, conversation] of tables.due.getKeys() as Iterable<[number, string]>) {
        if (!except.has(conversation)) return dueAt;
      }
      return undefined;
    },
    head: (conversation) => {
      const id = tables.conversations.get(conversation)?.begun ?? firstWaiting(tables, conversation);
      return id === undefined ? undefined : read(id);
    },
    noteCall: (id, call) =>
      transact((db) => {
        const record = read(id);
        if (record?.state !== 'waiting') return;
        write(db, { ...record, calls: [...record.calls, call] });
        const { dueAt } = conversationOf(db, record);
        void db.conversations.put(record.conversation, { dueAt, begun: id });
      }),
    postpone: (id, dueAt, reason, failed) =>
      transact((db) => {
        const record = read(id);
        if (record?.state !== 'waiting') return;
        write(db, { ...record, reason, attempts: record.attempts + (failed ? 1 : 0) });
        schedule(db, record.conversation, dueAt);
      }),
    finish: (id, now) =>
      transact((db) => {
        const record = read(id);
        if (record?.state === 'waiting') end(db, record, now);
      }),
    setAside: (id, reason, now) =>
      transact((db) => {
        const record = read(id);
        if (record?.state !== 'waiting') return;
        leave(db, record);
        write(db, { ...record, state: 'set_aside', reason, endedAt: now });
        void db.ended.put(['set_aside', now, id], true);
      }),
    retry: (id, now) =>
      transact((db) => {
        const record = read(id);
        if (record?.state !== 'set_aside') return false;
        void db.ended.remove(['set_aside', Number(record.endedAt), id]);
        enqueue(db, { ...withoutEnd(record), state: 'waiting', attempts: 0, retriedAt: now });
        return true;
      }),
    drop: (id, now) =>
      transact((db) => {
        const record = read(id);
        if (!record) return false;
        end(db, record, now);
        return true;
      }),
    get: (id) => read(id),
    *list() {
      for (const { value } of tables.events.getRange()) {
        const record = decodeRecord(value);
        if (record.state !== 'done') yield record;
      }
    },
    clean: (now) =>
      transact((db) => {
        const old = [
          ...endedBefore(db, 'done', now - KEEP_DONE_MS),
          ...endedBefore(db, 'set_aside', now - KEEP_SET_ASIDE_MS),
        ].slice(0, CLEAN_AT_ONCE);
        for (const key of old) {
          void db.ended.remove(key);
          void db.events.remove(key[2]);
        }
        return old.length;
      }),
    close: async () => {
      await repairing;
      await release();
      await tables.root.close();
    },
  };
}

async function prepare(tables: Tables, folder: string, exclusive: boolean): Promise<() => Promise<void>> {
  const { meta, root } = tables;
  const format = Number(meta.get('format') ?? FORMAT);
  if (format > FORMAT) {
    throw new StoreFormatError(
      `The events in ${folder} were stored by a newer version of this bot (format ${format}; this one reads up to ${FORMAT}). Start that version, or set DATA_DIR to another folder.`,
    );
  }
  await meta.put('format', FORMAT);
  if (!exclusive) return () => Promise.resolve();
  return claimFolder(folder, {
    owner: () => meta.get('owner') as string | undefined,
    replaceOwner: (before, after) =>
      root.transactionSync(() => {
        if (meta.get('owner') !== before) return false;
        meta.putSync('owner', after);
        return true;
      }),
  });
}

function addOne(db: Tables, { id, conversation, timestamp, payload }: NewEvent, now: number): boolean {
  if (db.events.doesExist(id)) return false;
  const sequence = Number(db.meta.get('sequence') ?? 0) + 1;
  void db.meta.put('sequence', sequence);
  const state = { state: 'waiting', attempts: 0, calls: [] } as const;
  enqueue(db, { id, conversation, timestamp, payload, sequence, receivedAt: now, ...state });
  return true;
}

function enqueue(db: Tables, record: EventRecord): void {
  write(db, record);
  void db.waiting.put([record.conversation, record.timestamp, record.sequence], record.id);
  if (!db.conversations.doesExist(record.conversation))
    schedule(db, record.conversation, record.retriedAt ?? record.receivedAt);
}

/** Takes an event out of its conversation. */
function leave(db: Tables, record: EventRecord): void {
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

function end(db: Tables, record: EventRecord, now: number): void {
  if (record.state === 'waiting') leave(db, record);
  else void db.ended.remove(['set_aside', Number(record.endedAt), record.id]);
  void db.events.put(record.id, encodeRecord({ id: record.id, state: 'done', endedAt: now }));
  void db.ended.put(['done', now, record.id], true);
}

function schedule(db: Tables, conversation: string, dueAt: number): void {
  const before = db.conversations.get(conversation);
  if (before) void db.due.remove([before.dueAt, conversation]);
  void db.due.put([dueAt, conversation], true);
  void db.conversations.put(conversation, { ...before, dueAt });
}

function write(db: Tables, record: EventRecord): void {
  void db.events.put(record.id, encodeRecord(record));
}

function firstWaiting({ waiting }: Tables, conversation: string): string | undefined {
  const [first] = waiting.getRange({ start: [conversation], end: [conversation, Infinity], limit: 1 });
  return first?.value;
}

function endedBefore({ ended }: Tables, state: string, time: number): [string, number, string][] {
  const range = ended.getKeys({ start: [state], end: [state, time], limit: CLEAN_AT_ONCE });
  return [...range] as [string, number, string][];
}

function entries(table: Database<string>): number {
  const { entryCount } = table.getStats() as { entryCount: number };
  return entryCount;
}

function fileIdentity(folder: string): string {
  const { dev, ino } = statSync(path.join(folder, DATA_FILE), { bigint: true });
  return `${dev}/${ino}`;
}

async function isStillThere(folder: string, openFile: string): Promise<boolean> {
  const file = await stat(path.join(folder, DATA_FILE), { bigint: true }).catch(ignore);
  return file !== undefined && `${file.dev}/${file.ino}` === openFile;
}

function withoutEnd({ reason: _reason, endedAt: _endedAt, ...rest }: EventRecord): EventRecord {
  return rest;
}

/** Every waiting event has one; where it is missing all the same, it is due at once. */
function conversationOf({ conversations }: Tables, { conversation }: EventRecord): Conversation {
  return conversations.get(conversation) ?? { dueAt: 0 };
}

function ignore(): undefined {
  return undefined;
}
