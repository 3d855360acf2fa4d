import { QueueFullError, StoreError, type EventStore, type NewEvent } from '../event-store';
import { describeCommitError } from './commit-error';
import { entries } from './tables';
import { enter, putDown, type Arrival, type Parts } from './parts';
import { encodeRecord } from './record';

/** How large an event may be, in characters, to be kept at hand. */
const LARGEST_AT_HAND = 4_096;

/**
 * Taking events in.
 *
 * @param loaded resolves when everything that waited at the start stands in the schedule
 */
export function createTakeIn(
  parts: Parts,
  loaded: () => Promise<void>,
): Pick<EventStore, 'add'> & { readonly countWaiting: () => number } {
  const { file, arrivals, fresh, ended, schedule, clock } = parts;
  /** Events that are being written. */
  const arriving = new Map<string, Promise<void>>();
  /** The ids of events that are in the log, and not in the data file yet. */
  const inLogOnly = new Set<string>();
  const waitingAtStart = entries(file.tables.records) - entries(file.tables.aside);
  let stored = 0;

  /** Before the schedule is whole nothing is leased, so that nothing ends. */
  const countWaiting = () => (parts.isLoaded ? schedule.waiting : waitingAtStart + stored);
  /** An operator who has put many back must not keep new ones out. */
  const countNew = () => countWaiting() + arriving.size - (parts.isLoaded ? schedule.putBack : 0);
  const isKnown = (id: string) => inLogOnly.has(id) || file.tables.ids.doesExist(id);

  const arrive = (event: NewEvent, receivedAt: number): Arrival => {
    parts.sequence += 1;
    const { sequence } = parts;
    const record = { ...event, sequence, state: 'waiting', receivedAt, attempts: 0, uncertain: 0, calls: [] } as const;
    return { record, text: encodeRecord(record) };
  };

  /** They are in the log: from now on they wait for their turn, and for the data file. */
  const enterAll = (events: readonly Arrival[]): void => {
    stored += events.length;
    for (const { record, text } of events) {
      inLogOnly.add(record.id);
      fresh.set(record.sequence, record);
      enter(parts, record, text.length <= LARGEST_AT_HAND);
    }
    file.soon(
      (tables) => {
        putDown(tables, events, ended, clock.now());
      },
      () => {
        for (const { record } of events) {
          inLogOnly.delete(record.id);
          fresh.delete(record.sequence);
        }
      },
    );
  };

  const store = async (events: readonly NewEvent[]): Promise<void> => {
    const receivedAt = clock.now();
    const all = events.map((event) => arrive(event, receivedAt));
    const texts = all.map(({ text }) => text);
    try {
      await arrivals.write(texts, () => {
        enterAll(all);
      });
    } catch (error) {
      if (error instanceof StoreError) throw error;
      throw new StoreError(`The events could not be stored: ${await describeCommitError(error)}`);
    }
  };

  return {
    add: async (events, mostWaiting) => {
      await file.ready(); // after a failed commit nothing can be read either
      // Only then it is known which were put back; whoever cannot read them says so below.
      if (!parts.isLoaded && countNew() + events.length > mostWaiting) await loaded().catch(() => undefined);
      const others = new Set<Promise<void>>();
      const added = new Map<string, NewEvent>();
      for (const event of events) {
        const underWay = arriving.get(event.id);
        if (underWay) others.add(underWay);
        else if (!added.has(event.id) && !isKnown(event.id)) added.set(event.id, event);
      }
      // Whoever is told that an event is safe expects it to be handled.
      if (parts.isUnreadable) throw new StoreError('The events could not be stored: what waits cannot be read.');
      if (added.size > 0 && countNew() + added.size > mostWaiting) {
        throw new QueueFullError(`More than ${mostWaiting} events would wait.`);
      }
      if (added.size > 0) {
        const storing = store([...added.values()]);
        for (const id of added.keys()) arriving.set(id, storing);
        await storing.finally(() => {
          for (const id of added.keys()) arriving.delete(id);
        });
      }
      await Promise.all(others);
      return { added: added.size, known: events.length - added.size };
    },
    countWaiting,
  };
}
