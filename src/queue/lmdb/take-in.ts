import { QueueFullError, type EventStore, type NewEvent } from '../event-store';
import { entries } from './tables';
import type { Parts } from './parts';
import { encodeRecord, type EventRecord } from './record';
import { enter } from './load';

/** So many numbers are set aside at once for the events of a process, so that counting costs no write. */
const SEQUENCES_AT_ONCE = 2 ** 20;
/** How large an event may be, in characters, to be kept at hand. */
const LARGEST_AT_HAND = 4_096;

/** Taking events in. `firstSequence` is the highest number that may be in use at the start. */
export function createTakeIn(parts: Parts, firstSequence: number): Pick<EventStore, 'add' | 'countWaiting'> {
  const { file, schedule, clock } = parts;
  const arriving = new Map<string, Promise<void>>();
  const waitingAtStart = entries(file.tables.records) - entries(file.tables.aside);
  let sequence = firstSequence;
  let reserved = firstSequence;
  let stored = 0;

  /** Before the schedule is whole nothing is leased, so that nothing ends. */
  const countWaiting = () => (parts.isLoaded ? schedule.waiting : waitingAtStart + stored);

  const number = (event: NewEvent, receivedAt: number): EventRecord => {
    sequence += 1;
    return { ...event, sequence, state: 'waiting', receivedAt, attempts: 0, uncertain: 0, calls: [] };
  };

  const store = async (events: readonly NewEvent[]): Promise<void> => {
    const receivedAt = clock.now();
    const fresh = events.map((event) => {
      const record = number(event, receivedAt);
      return { record, text: encodeRecord(record) };
    });
    const upTo = sequence > reserved ? sequence + SEQUENCES_AT_ONCE : reserved;
    await file.transact(({ meta, ids, records }) => {
      if (upTo > reserved) void meta.put('sequence', upTo);
      for (const { record, text } of fresh) {
        void ids.put(record.id, record.sequence);
        void records.put(record.sequence, text);
      }
    });
    reserved = Math.max(reserved, upTo);
    stored += fresh.length;
    for (const { record, text } of fresh) enter(parts, record, text.length <= LARGEST_AT_HAND);
  };

  return {
    add: async (events, mostWaiting) => {
      const others = new Set<Promise<void>>();
      const fresh = new Map<string, NewEvent>();
      for (const event of events) {
        const underWay = arriving.get(event.id);
        if (underWay) others.add(underWay);
        else if (!fresh.has(event.id) && !file.tables.ids.doesExist(event.id)) fresh.set(event.id, event);
      }
      if (countWaiting() + arriving.size + fresh.size > mostWaiting) {
        throw new QueueFullError(`More than ${mostWaiting} events would wait.`);
      }
      if (fresh.size > 0) {
        const storing = store([...fresh.values()]);
        for (const id of fresh.keys()) arriving.set(id, storing);
        await storing.finally(() => {
          for (const id of fresh.keys()) arriving.delete(id);
        });
      }
      await Promise.all(others);
      return { added: fresh.size, known: events.length - fresh.size };
    },
    countWaiting: () => Promise.resolve(countWaiting()),
  };
}
