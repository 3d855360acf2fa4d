import { StoreFormatError, type EventStore } from '../event-store';
import { follow } from './load';
import { end, notYetPutDown, readById, rewrite, type Parts } from './parts';
import { decodeRecord, type EventRecord } from './record';
import type { Tables } from './tables';

/** What an operator does, in this process or in another one: look, put back, drop. */
export function createByHand(parts: Parts): Pick<EventStore, 'retry' | 'drop' | 'get' | 'list'> {
  const { file, schedule, clock } = parts;
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
      if (record) schedule.remove(record.conversation, record.sequence);
      return record !== undefined;
    },
    get: async (id) => {
      await file.settle();
      return readById(file.tables, id) ?? notYetPutDown(parts).find(({ record }) => record.id === id)?.record;
    },
    async *list() {
      await file.settle();
      // A bot that was killed has left what came in last beside the data file.
      const late = new Map(notYetPutDown(parts).map(({ record }) => [record.id, record]));
      let damaged = 0;
      for (const { value } of file.tables.records.getRange({ snapshot: false })) {
        let record;
        try {
          record = decodeRecord(value);
        } catch {
          damaged += 1;
          continue;
        }
        late.delete(record.id); // a bot that has started meanwhile has put it down
        yield await Promise.resolve(record);
      }
      yield* late.values();
      if (damaged > 0) throw new StoreFormatError(`${damaged} stored events have changed on disk and cannot be read.`);
    },
  };
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
