import { mkdirSync } from 'node:fs';
import type { Clock } from '../../clock';
import { systemClock } from '../../clock';
import {
  KEEP_DONE_MS,
  KEEP_SET_ASIDE_MS,
  QueueFullError,
  StoreFormatError,
  type EventStore,
  type Lease,
  type NewEvent,
  type StoredEvent,
} from '../event-store';
import { openDataFile, type DataFile } from './data-file';
import { claimFolder } from './folder-lock';
import { migrate } from './migrate';
import { decodeRecord, encodeRecord, type EventRecord } from './record';
import { Schedule, nextOf, type Conversation, type Waiting } from './schedule';
import { FORMAT, entries, type Tables } from './tables';

export interface LmdbStoreOptions {
  /** No other process may have opened the folder exclusively, too. */
  readonly exclusive?: boolean;
  readonly clock?: Clock;
  /** Told of what is wrong with the stored data: an event that cannot be read any more is passed over. */
  readonly onDamage?: (message: string) => void;
}

/** A leased conversation, and the event that is being handled. */
interface Held {
  readonly conversation: Conversation;
  readonly waiting: Waiting;
  readonly record: EventRecord;
}

/** So many numbers are set aside at once for the events of a process, so that counting costs no write. */
const SEQUENCES_AT_ONCE = 2 ** 20;
/** How many events are read at once when the schedule is made, and how large one may be to be kept at hand. */
const READ_AT_ONCE = 200;
const LARGEST_AT_HAND = 4_096;
/** How often to look what other processes have done to the file. */
const LOOK_EVERY_MS = 1_000;

/**
 * Opens the store in a folder, which is made (mode 0700) if it is missing. LMDB commits in groups and flushes off the main
 * thread. Whose turn it is stands in memory, made anew from what is stored at each start; leases are this process's own, so
 * only one process may lease. Others may look, put back and drop; that is noticed within a second.
 *
 * @param folder the data folder
 * @throws {StoreFormatError} when a newer version of this program has written there
 * @throws {FolderInUseError} when another process has opened it exclusively
 */
export async function openLmdbStore(folder: string, options: LmdbStoreOptions = {}): Promise<EventStore> {
  const { clock = systemClock, onDamage = () => undefined } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = openDataFile(folder, onDamage);
  const release = await prepare(file, folder, options.exclusive ?? false).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });

  const schedule = new Schedule();
  const held = new Map<string, Held>();
  const arriving = new Map<string, Promise<void>>();
  const ending = new AbortController();
  const firstSequence = Number(file.tables.meta.get('sequence') ?? 0);
  const waitingAtStart = entries(file.tables.records) - entries(file.tables.aside);
  let sequence = firstSequence;
  let reserved = firstSequence;
  let loading: Promise<void> | undefined;
  let isLoaded = false;
  let lookedAt = -Infinity;

  /** Before the schedule is whole nothing is leased, so that nothing ends. */
  const countWaiting = () => (isLoaded ? schedule.waiting : waitingAtStart + sequence - firstSequence);

  const read = (key: number): EventRecord | undefined => {
    const text = file.tables.records.get(key);
    return text === undefined ? undefined : decodeRecord(text);
  };
  const readById = (id: string): EventRecord | undefined => {
    const key = file.tables.ids.get(id);
    return key === undefined ? undefined : read(key);
  };

  const readOrSay = (key: number): EventRecord | undefined => {
    try {
      return read(key);
    } catch {
      onDamage(`the stored event number ${key} has changed on disk and cannot be handled`);
      return undefined;
    }
  };

  const enter = (record: EventRecord, isAtHand: boolean): void => {
    const { attempts, calls, timestamp } = record;
    const event = isAtHand ? record : undefined;
    const waiting = { sequence: record.sequence, timestamp, repeated: attempts > 0, begun: calls.length > 0, event };
    schedule.add(record.page, record.conversation, waiting, clock.monotonic());
  };

  /** Makes the schedule, bit by bit, so that whatever comes in meanwhile does not wait. */
  const load = async (): Promise<void> => {
    for (let from = 0; ;) {
      const part = [...file.tables.records.getKeys({ start: from, end: firstSequence + 1, limit: READ_AT_ONCE })];
      for (const key of part) {
        const record = readOrSay(key);
        if (record?.state === 'waiting' && !schedule.has(record.conversation, key)) enter(record, false);
        from = key + 1;
      }
      if (part.length < READ_AT_ONCE) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    isLoaded = true;
  };

  /** Once a second: is the file still there, and what have other processes put back or dropped? */
  const lookAround = async (): Promise<void> => {
    loading ??= load();
    await loading;
    if (clock.monotonic() - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = clock.monotonic();
    await file.check();
    const changed = [...file.tables.changed.getRange()];
    if (changed.length === 0) return;
    for (const { key, value } of changed) follow(key, value);
    await file.transact(({ changed: table }) => {
      for (const { key } of changed) void table.remove(key);
    });
  };

  /** Follows what was done to an event from outside the loop. */
  const follow = (key: number, conversation: string): void => {
    const record = read(key);
    if (record?.state !== 'waiting') schedule.remove(conversation, key);
    else if (!schedule.has(conversation, key)) enter(record, false);
  };

  const hold = (conversation: Conversation): StoredEvent | undefined => {
    for (let waiting = nextOf(conversation); waiting; waiting = nextOf(conversation)) {
      const record = (waiting.event as EventRecord | undefined) ?? readOrSay(waiting.sequence);
      schedule.letGo(waiting);
      if (record) {
        held.set(record.id, { conversation, waiting, record });
        return record;
      }
      schedule.remove(conversation.name, waiting.sequence);
    }
    schedule.giveBack(conversation, 0);
    return undefined;
  };

  /** Takes a held event out of its conversation; goes on with the next one, or gives the conversation back. */
  const goOn = ({ conversation, waiting, record }: Held, wantsNext: boolean): StoredEvent | undefined => {
    held.delete(record.id);
    schedule.remove(conversation.name, waiting.sequence);
    if (wantsNext) return hold(conversation);
    schedule.giveBack(conversation, clock.monotonic());
    return undefined;
  };

  const end = (tables: Tables, record: EventRecord): void => {
    void tables.records.remove(record.sequence);
    if (record.endedAt !== undefined) void tables.aside.remove([record.endedAt, record.sequence]);
    void tables.done.put([clock.now(), record.sequence], record.id);
  };

  return {
    add: async (events, mostWaiting) => {
      const known = new Set(events.map(({ id }) => id).filter((id) => arriving.has(id)));
      const fresh = new Map<string, NewEvent>();
      for (const event of events) {
        if (!known.has(event.id) && !fresh.has(event.id) && !file.tables.ids.doesExist(event.id))
          fresh.set(event.id, event);
      }
      if (countWaiting() + arriving.size + fresh.size > mostWaiting) {
        throw new QueueFullError(`More than ${mostWaiting} events would wait.`);
      }
      const receivedAt = clock.now();
      const records = [...fresh.values()].map((event): EventRecord => {
        return {
          ...event,
          sequence: (sequence += 1),
          state: 'waiting',
          receivedAt,
          attempts: 0,
          uncertain: 0,
          calls: [],
        };
      });
      const texts = records.map((record) => ({ record, text: encodeRecord(record) }));
      const others = [...known].map((id) => Promise.resolve(arriving.get(id)));
      if (records.length > 0) {
        const upTo = sequence > reserved ? sequence + SEQUENCES_AT_ONCE : reserved;
        const stored = file.transact((tables) => {
          if (upTo > reserved) void tables.meta.put('sequence', upTo);
          for (const { record, text } of texts) {
            void tables.ids.put(record.id, record.sequence);
            void tables.records.put(record.sequence, text);
          }
        });
        for (const id of fresh.keys()) arriving.set(id, stored);
        try {
          await stored;
          reserved = Math.max(reserved, upTo);
        } finally {
          for (const id of fresh.keys()) arriving.delete(id);
        }
        for (const { record, text } of texts) enter(record, text.length <= LARGEST_AT_HAND);
      }
      await Promise.all(others);
      return { added: records.length, known: events.length - records.length };
    },
    countWaiting: () => Promise.resolve(countWaiting()),
    due: async () => {
      await lookAround();
      return schedule.due(clock.monotonic());
    },
    lease: async (page, first, repeated) => {
      await loading;
      const leases: Lease[] = [];
      const take = (lane: 'first' | 'repeated', most: number): void => {
        for (let left = most; left > 0; left -= 1) {
          const conversation = schedule.take(page, lane, clock.monotonic());
          if (!conversation) return;
          const event = hold(conversation);
          if (event) leases.push({ event, signal: ending.signal });
        }
      };
      take('first', first);
      take('repeated', repeated);
      return leases;
    },
    release: (id) => {
      const lease = held.get(id);
      held.delete(id);
      if (lease) schedule.giveBack(lease.conversation, lease.conversation.dueAt);
      return Promise.resolve();
    },
    noteCall: async (id, index, call) => {
      const lease = held.get(id);
      if (!lease) return;
      const record = { ...lease.record, calls: [...lease.record.calls.slice(0, index), call], uncertain: 0 };
      await file.transact((tables) => rewrite(tables, record));
      lease.waiting.begun = true;
      held.set(id, { ...lease, record });
    },
    finish: async (id, wantsNext) => {
      const lease = held.get(id);
      if (!lease) return undefined;
      await file.transactSoon((tables) => {
        end(tables, lease.record);
      });
      return goOn(lease, wantsNext);
    },
    setAside: async (id, reason, wantsNext) => {
      const lease = held.get(id);
      if (!lease) return undefined;
      const endedAt = clock.now();
      await file.transact((tables) => {
        if (rewrite(tables, { ...lease.record, state: 'set_aside', reason, endedAt }))
          void tables.aside.put([endedAt, lease.record.sequence], id);
      });
      return goOn(lease, wantsNext);
    },
    postpone: async (id, { delayMs, reason, failed, mayBeSent }) => {
      const lease = held.get(id);
      if (!lease) return;
      const { record, waiting, conversation } = lease;
      const attempts = record.attempts + (failed ? 1 : 0);
      const uncertain = record.uncertain + (mayBeSent ? 1 : 0);
      await file.transact((tables) => rewrite(tables, { ...record, reason, attempts, uncertain }));
      waiting.repeated = attempts > 0;
      held.delete(id);
      schedule.giveBack(conversation, clock.monotonic() + delayMs);
    },
    retry: async (id) => {
      const record = await file.transact((tables) => {
        const before = readById(id);
        if (before?.state !== 'set_aside') return undefined;
        const { endedAt, reason: _reason, ...rest } = before;
        void tables.aside.remove([Number(endedAt), before.sequence]);
        rewrite(tables, { ...rest, state: 'waiting', attempts: 0, uncertain: 0, retriedAt: clock.now() });
        void tables.changed.put(before.sequence, before.conversation);
        return before;
      });
      if (record && isLoaded) follow(record.sequence, record.conversation);
      return record !== undefined;
    },
    drop: async (id) => {
      const record = await file.transact((tables) => {
        const key = tables.ids.get(id);
        if (key === undefined || !tables.records.doesExist(key)) return undefined;
        const before = readOrGuess(tables, key, id);
        end(tables, before);
        void tables.changed.put(key, before.conversation);
        return before;
      });
      if (record) schedule.remove(record.conversation, record.sequence);
      return record !== undefined;
    },
    get: (id) => Promise.resolve(readById(id)),
    async *list() {
      let damaged = 0;
      for (const { value } of file.tables.records.getRange({ snapshot: false })) {
        try {
          yield await Promise.resolve(decodeRecord(value));
        } catch {
          damaged += 1;
        }
      }
      if (damaged > 0) throw new StoreFormatError(`${damaged} stored events have changed on disk and cannot be read.`);
    },
    clean: async (now, most) => {
      const { done, aside } = file.tables;
      const share = Math.ceil(most / 2);
      const before = (time: number) => ({ start: [0, 0], end: [time, 0], limit: share }) as const;
      const oldDone = [...done.getRange(before(now - KEEP_DONE_MS) as never)];
      const oldAside = [...aside.getRange(before(now - KEEP_SET_ASIDE_MS) as never)];
      if (oldDone.length + oldAside.length === 0) return 0;
      await file.transactSoon((tables) => {
        for (const { key, value } of oldDone) {
          void tables.done.remove(key);
          void tables.ids.remove(value);
        }
        for (const { key, value } of oldAside) {
          void tables.aside.remove(key);
          void tables.records.remove(key[1]);
          void tables.ids.remove(value);
        }
      });
      return oldDone.length + oldAside.length;
    },
    close: async () => {
      ending.abort();
      await loading;
      await file.close();
      await release();
    },
  };
}

async function prepare(file: DataFile, folder: string, exclusive: boolean): Promise<() => Promise<void>> {
  const format = Number(file.tables.meta.get('format') ?? FORMAT);
  if (format > FORMAT) {
    throw new StoreFormatError(
      `The events in ${folder} were stored by a newer version of this bot (format ${format}; this one reads up to ${FORMAT}). Start that version, or set DATA_DIR to another folder.`,
    );
  }
  const { meta, root } = file.tables;
  const release = exclusive
    ? await claimFolder(folder, {
        owner: () => meta.get('owner') as string | undefined,
        replaceOwner: (before, after) =>
          root.transactionSync(() => {
            if (meta.get('owner') !== before) return false;
            meta.putSync('owner', after);
            return true;
          }),
      })
    : () => Promise.resolve();
  if (format < FORMAT) migrate(file.tables);
  else if (meta.get('format') === undefined) await meta.put('format', FORMAT);
  return release;
}

/** Writes a record anew, unless it is gone; tells which. */
function rewrite({ records }: Tables, record: EventRecord): boolean {
  if (!records.doesExist(record.sequence)) return false;
  void records.put(record.sequence, encodeRecord(record));
  return true;
}

/** A damaged record can be dropped, too. */
function readOrGuess({ records, aside }: Tables, sequence: number, id: string): EventRecord {
  try {
    return decodeRecord(String(records.get(sequence)));
  } catch {
    const [key] = [...aside.getKeys()].filter((one) => one[1] === sequence);
    const nothing = { page: '', conversation: '', timestamp: 0, payload: null, receivedAt: 0, attempts: 0 } as const;
    return { ...nothing, id, sequence, uncertain: 0, calls: [], state: 'set_aside', ...(key && { endedAt: key[0] }) };
  }
}
