import { mkdirSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { describeCommitError } from './commit-error';
import { KEEP_DONE_MS, KEEP_SET_ASIDE_MS, StoreError, StoreFormatError, type EventStore } from './event-store';
import { claimFolder } from './folder-lock';
import {
  CLEAN_AT_ONCE,
  DATA_FILE,
  addOne,
  conversationOf,
  end,
  endedBefore,
  enqueue,
  entries,
  firstWaiting,
  leave,
  openTables,
  schedule,
  write,
  type Tables,
} from './lmdb-tables';
import { decodeRecord, type EventRecord } from './record';

/** Raise it when what is stored changes its form, and teach `openLmdbStore` to read the older one. */
export const FORMAT = 1;

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
   * The file is looked for afterwards: a write into a removed file would succeed and be gone with the process.
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

function ignore(): undefined {
  return undefined;
}
