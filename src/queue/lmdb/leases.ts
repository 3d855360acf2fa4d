import { isRepeated, type EventStore, type Lease, type StoredEvent } from '../event-store';
import { begin, nextOf, type Waiting } from './line';
import { end, readOrSay, rewrite, type Parts } from './parts';
import type { EventRecord } from './record';
import type { Conversation } from './schedule';
import type { Tables } from './tables';

/** A leased conversation, and the event that is being handled. */
interface Held {
  readonly conversation: Conversation;
  readonly waiting: Waiting;
  readonly record: EventRecord;
}

type Leasing = Pick<EventStore, 'lease' | 'release' | 'noteCall' | 'finish' | 'setAside' | 'postpone'>;

/** No other process leases: a call may take its time. */
const leaveBy = (): Promise<number> => Promise.resolve(Infinity);

/** Leasing conversations, and what becomes of a leased event. `signal` is aborted when the store closes. */
export function createLeases(parts: Parts, signal: AbortSignal): Leasing {
  const { file, notes, ended, schedule, clock } = parts;
  const held = new Map<string, Held>();

  /** Holds the conversation's next event that can be read, or gives the conversation back. */
  const hold = (conversation: Conversation): StoredEvent | undefined => {
    for (let waiting = nextOf(conversation); waiting; waiting = nextOf(conversation)) {
      const record = (waiting.event as EventRecord | undefined) ?? readOrSay(parts, waiting.sequence);
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

  return {
    lease: (page, first, repeated) => {
      const leases: Lease[] = [];
      const take = (lane: 'first' | 'repeated', most: number): void => {
        for (let left = most; left > 0; left -= 1) {
          const conversation = schedule.take(page, lane, clock.monotonic());
          if (!conversation) return;
          const event = hold(conversation);
          if (event) leases.push({ event, signal, leaveBy });
        }
      };
      take('first', first);
      take('repeated', repeated);
      return Promise.resolve(leases);
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
      begin(lease.conversation, lease.waiting);
      held.set(id, { ...lease, record });
    },
    finish: async (id, wantsNext) => {
      const lease = held.get(id);
      if (!lease) return undefined;
      const change = (tables: Tables) => {
        end(tables, lease.record, clock.now());
      };
      if (notes.add(id, lease.record.sequence)) {
        ended.add(lease.record.sequence);
        file.soon(change, () => {
          ended.delete(lease.record.sequence);
        });
      } else await file.transact(change);
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
      const after = { ...record, reason, attempts, uncertain };
      await file.transact((tables) => rewrite(tables, after));
      waiting.repeated = isRepeated(after);
      held.delete(id);
      schedule.giveBack(conversation, clock.monotonic() + delayMs);
    },
  };
}
