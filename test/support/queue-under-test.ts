import { pino } from 'pino';
import { createEventQueue, type EventQueueOptions } from '../../src/queue/event-queue';
import type { EventStore, NewEvent, StoredEvent } from '../../src/queue/event-store';
import { openLmdbStore } from '../../src/queue/lmdb/store';
import { HeldBackError, type Attempt, type Verdict } from '../../src/queue/verdict';
import { fakeClock, type FakeClock } from './fake-clock';
import { temporaryFolder } from './temporary-folder';

export const NOW = 1_795_384_800_000;
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const event = (id: string, conversation = id, timestamp = NOW): NewEvent => ({
  id,
  page: 'p',
  conversation,
  timestamp,
  payload: {},
});
export const people = (count: number, prefix = 'p') => Array.from({ length: count }, (_, n) => event(`${prefix}${n}`));

export const done: Verdict = { kind: 'done' };
export const heldBack: Verdict = { kind: 'held_back' };
export const retry: Verdict = { kind: 'retry', reason: 'no answer', cause: 'no answer', mayBeSent: false };
export const silence: Verdict = { kind: 'retry', reason: 'silence', cause: 'silence', mayBeSent: true };
export const hold: Verdict = { kind: 'hold', reason: 'Generate a new token' };
export const pause = (forMs?: number): Verdict => ({ kind: 'pause', reason: 'too many', forMs });
export const refused = (scope: 'event' | 'probably_event' | 'unknown', cause = '10/-'): Verdict => ({
  kind: 'refused',
  reason: 'refused',
  cause,
  scope,
  isExpected: false,
});

interface OpenedEngine {
  readonly store: EventStore;
  readonly isBusy: () => boolean;
}
type OpenEngine = (clock: FakeClock, place?: string) => Promise<OpenedEngine>;

let openEngine: OpenEngine = async (clock, folder = temporaryFolder()) => {
  return { store: await openLmdbStore(folder, { clock }), isBusy: () => false };
};

/** From now on queues under test keep their events elsewhere. */
export function useEngine(open: OpenEngine): void {
  openEngine = open;
}

type Behaviour = (event: StoredEvent, attempt: Attempt) => Verdict | Promise<Verdict>;

/** Whether a message of the attempt was let out, in its turn. */
export async function isLetOut(attempt: Attempt): Promise<boolean> {
  return attempt.permit(true).then(
    () => true,
    () => false,
  );
}

const open: { stop: () => Promise<void>; store: EventStore }[] = [];
afterEach(async () => {
  for (const { stop, store } of open.splice(0)) {
    await stop();
    await store.close();
  }
});

/** Forgets the queues that are open, as if their process had been killed. */
export function killQueues(): void {
  open.splice(0);
}

/**
 * A queue on a real store, with a clock that stands still. Unless told otherwise an event makes one call, which succeeds;
 * `seen` holds the ids in the order in which their calls were let out, `calls` when that was.
 */
export async function makeQueue(
  options: Partial<Omit<EventQueueOptions, 'store'>> & {
    folder?: string;
    breakStore?: (store: EventStore) => EventStore;
  } = {},
) {
  let isBusy = () => false;
  const clock = fakeClock(NOW, () => isBusy());
  const place = await openEngine(clock, options.folder);
  const opened = place.store;
  const { store, isWriting } = watched(opened);
  isBusy = () => isWriting() || place.isBusy();
  const settle = () => clock.pass(0);
  const seen: string[] = [];
  const calls: { readonly id: string; readonly at: number }[] = [];
  const lines: string[] = [];
  let behave: Behaviour = () => done;
  const queue = createEventQueue({
    handle: async (one, attempt) => {
      try {
        await attempt.permit(false);
      } catch (error) {
        if (error instanceof HeldBackError) return { kind: 'held_back' };
        throw error;
      }
      seen.push(one.id);
      calls.push({ id: one.id, at: clock.monotonic() });
      const verdict = await behave(one, attempt);
      if (verdict.kind === 'done') await attempt.note({ path: '/messages', answer: {} });
      return verdict;
    },
    log: pino(
      { base: null, formatters: { level: (level) => ({ level }) } },
      { write: (line) => void lines.push(line) },
    ),
    clock,
    random: () => 0,
    maxConcurrentConversations: 1_000,
    maxPendingEvents: 10_000,
    maxSendsPerSecond: 40,
    callLimitMs: 10_000,
    ...options,
    store: options.breakStore?.(store) ?? store,
  });
  const stop = async () => {
    await Promise.all([queue.stop(), clock.pass(MINUTE)]); // what is under way may wait for a time to come
  };
  open.push({ stop, store: opened });
  return {
    queue,
    clock,
    store,
    seen,
    calls,
    settle,
    log: () => lines.join(''),
    on: (behaviour: Behaviour) => {
      behave = behaviour;
    },
    /** Takes the events in and lets the queue begin. */
    started: async (events: readonly NewEvent[]) => {
      await queue.add(events);
      queue.start();
      await settle();
    },
    state: async (id: string) => (await store.get(id))?.state ?? 'done',
  };
}

/** A store that tells whether it is at work. */
function watched(store: EventStore): { store: EventStore; isWriting: () => boolean } {
  let writing = 0;
  const watch =
    (method: (...args: never[]) => unknown) =>
    (...args: unknown[]): unknown => {
      const result: unknown = Reflect.apply(method, store, args);
      if (isIterable(result)) return iterate(result);
      if (!(result instanceof Promise)) return result;
      writing += 1;
      return result.finally(() => (writing -= 1));
    };
  const isIterable = (result: unknown): result is AsyncIterable<unknown> =>
    typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
  async function* iterate(all: AsyncIterable<unknown>) {
    writing += 1;
    try {
      yield* all;
    } finally {
      writing -= 1;
    }
  }
  const methods = Object.entries(store).map(([name, method]: [string, unknown]) => [
    name,
    typeof method === 'function' ? watch(method as () => unknown) : method,
  ]);
  return { store: Object.fromEntries(methods) as EventStore, isWriting: () => writing > 0 };
}
