import { StoreFormatError, type EventStore } from '../event-store';
import { follow } from './look-around';
import { end, endedByNow, notYetPutDown, readById, rewrite, type Parts } from './parts';
import { DamagedRecordError, decodeRecord, type EventRecord } from './record';
import type { Tables } from './tables';

/** How many events are read at once for a list. */
const LIST_AT_ONCE = 200;

/** What an operator does, in this process or in another one: look, put back, drop. */
export function createByHand(parts: Parts): Pick<EventStore, 'retry' | 'drop' | 'get' | 'list'> {
  const { file, clock } = parts;
  return {
    retry: async (id) => {
      const record = await file.transact((tables) => {
        const before = readById(tables, id);
        if (before?.state !== 'set_aside') return undefined;
        const { endedAt, reason: _reason, ...rest } = before;
        void tables.aside.remove([Number(endedAt), before.sequence]);
        rewrite(tables, { ...rest, state: 'waiting', attempts: 0, uncertain: 0, retriedAt: clock.now() });
        void tables.changed.put(before.sequence, before.conversation);
        return before;
      });
      if (record && parts.isLoaded) follow(parts, record.sequence, record.conversation);
      return record !== undefined;
    },
    drop: async (id) => {
      const record = await file.transact((tables) => {
        const sequence = tables.ids.get(id);
        if (sequence === undefined || !tables.records.doesExist(sequence)) return undefined;
        const before = readOrGuess(tables, sequence, id);
        end(tables, before, clock.now());
        void tables.changed.put(sequence, before.conversation);
        return before;
      });
      if (record) follow(parts, record.sequence, record.conversation);
      return record !== undefined;
    },
    get: async (id) => {
      await file.settle();
      try {
        const late = () => notYetPutDown(parts).find(({ record }) => record.id === id)?.record;
        const record = readById(file.tables, id) ?? late();
        return record && endedByNow(parts)(record) ? undefined : record;
      } catch (error) {
        if (!(error instanceof DamagedRecordError)) throw error;
        throw new StoreFormatError(
          `The event ${id} has changed on disk and cannot be read. End it: npm run queue -- drop ${id}`,
        );
      }
    },
    async *list() {
      await file.settle();
      // A bot that was killed has left what came in last, and what it has answered last, beside the data file.
      const late = notYetPutDown(parts);
      const hasEnded = endedByNow(parts);
      file.tables.root.resetReadTxn(); // what a bot that runs has put down since then counts as there
      const upTo = Number(file.tables.meta.get('sequence') ?? 0);
      const damaged = new Set<number>();
      for (let from = 0, rows = LIST_AT_ONCE; rows === LIST_AT_ONCE;) {
        const part = [...file.tables.records.getRange({ start: from, end: upTo + 1, limit: LIST_AT_ONCE })];
        file.tables.root.resetReadTxn(); // a view that is kept lets the file grow, and whoever reads may take hours
        rows = part.length;
        for (const { key, value } of part) {
          from = key + 1;
          let record;
          try {
            record = decodeRecord(value);
          } catch {
            damaged.add(key);
            continue;
          }
          if (!hasEnded(record)) yield record;
        }
      }
      for (const { record } of late) if (record.sequence > upTo && !hasEnded(record)) yield record;
      if (damaged.size > 0) {
        const ids = [...file.tables.ids.getRange().filter(({ value }) => damaged.has(value))].map(({ key }) => key);
        throw new StoreFormatError(
          `${damaged.size} stored events have changed on disk and cannot be read: ${ids.join(', ')}. End each with: npm run queue -- drop ID`,
        );
      }
    },
  };
}

/** A damaged record can be dropped, too; whose it was is not known then. */
function readOrGuess({ records, aside }: Tables, sequence: number, id: string): EventRecord {
  try {
    return decodeRecord(String(records.get(sequence)));
  } catch {
    const [key] = [...aside.getKeys()].filter((one) => one[1] === sequence);
    const nothing = { page: '', conversation: '', timestamp: 0, payload: null, receivedAt: 0, attempts: 0 } as const;
    return { ...nothing, id, sequence, uncertain: 0, calls: [], state: 'set_aside', ...(key && { endedAt: key[0] }) };
  }
}
