import { StoreError, type DelayedEvent, type EventStore, type StoredEvent } from '../event-store';
import { describeCommitError } from './commit-error';
import { read, readById, type Parts } from './parts';
import type { EventRecord } from './record';
import { entries } from './tables';

/** So much is written to find whether an event could be: a full disk may still have room for a byte. */
const PROBE = '\n'.repeat(4_096);

/** What is told of the store to those who watch over it. */
export function createFigures(
  parts: Parts,
  countWaiting: () => number,
): Pick<EventStore, 'figures' | 'troubled' | 'probe'> {
  const { file, arrivals, fresh, schedule, clock } = parts;

  /** What is damaged is spoken of by whoever comes to it. */
  const readable = (find: () => EventRecord | undefined): EventRecord[] => {
    try {
      const record = find();
      return record ? [record] : [];
    } catch {
      return [];
    }
  };

  const oldestSince = (): number | undefined => {
    if (!parts.isLoaded) return undefined;
    const times = schedule.oldest
      .flatMap((sequence) => readable(() => fresh.get(sequence) ?? read(file.tables, sequence)))
      .map(({ receivedAt, retriedAt }) => retriedAt ?? receivedAt);
    return times.length === 0 ? undefined : Math.min(...times);
  };

  const delayed = (most: number): DelayedEvent[] =>
    schedule.delayed(most).flatMap(({ sequence, dueAt }) => {
      const dueInMs = Math.max(0, dueAt - clock.monotonic());
      return readable(() => read(file.tables, sequence)).map((event) => ({ event, dueInMs }));
    });

  const setAside = (most: number): StoredEvent[] =>
    [...file.tables.aside.getRange({ reverse: true, limit: most })].flatMap(({ value }) =>
      readable(() => readById(file.tables, value)),
    );

  return {
    figures: () =>
      Promise.resolve({
        waiting: countWaiting(),
        putBack: schedule.putBack,
        oldestSince: oldestSince(),
        setAside: entries(file.tables.aside),
      }),
    troubled: (most) => Promise.resolve({ delayed: delayed(most), setAside: setAside(most) }),
    probe: async () => {
      try {
        await arrivals.write([PROBE], () => undefined);
        await file.transact(({ meta }) => meta.put('probed', clock.now()));
      } catch (error) {
        if (error instanceof StoreError) throw error;
        throw new StoreError(`Nothing can be stored: ${await describeCommitError(error)}`);
      }
    },
  };
}
