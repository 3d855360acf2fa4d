import type { Logger } from 'pino';
import type { Clock } from '../clock';
import { backoff } from './backoff';
import { StoreError, type CompletedCall, type EventStore, type NewEvent, type StoredEvent } from './event-store';
import { createGate } from './gate';
import { persistently } from './persistently';

/**
 * What has become of an event.
 * - `done`: handled; `calls` tells whether anything was sent
 * - `retry`: try again later, with backoff; its conversation waits in order
 * - `pause`: all events wait, for the given time or with backoff
 * - `hold`: all events wait until a person has acted; one is tried every minute
 * - `set_aside`: it will never succeed; `isExpected` when that happens in a healthy bot, too
 */
export type Verdict =
  | { readonly kind: 'done'; readonly calls: number }
  | { readonly kind: 'retry' | 'hold'; readonly reason: string }
  | { readonly kind: 'set_aside'; readonly reason: string; readonly isExpected: boolean }
  | { readonly kind: 'pause'; readonly reason: string; readonly forMs: number | undefined };

/** Where a handler's completed calls are noted, so that they are not made again. */
export interface CallJournal {
  readonly completed: readonly CompletedCall[];
  note(call: CompletedCall): Promise<void>;
}

export interface EventQueueOptions {
  readonly store: EventStore;
  /** Handles one event. Must not reject. */
  readonly handle: (event: StoredEvent, journal: CallJournal) => Promise<Verdict>;
  readonly log: Logger;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly maxConcurrentConversations: number;
  readonly maxPendingEvents: number;
}

export interface EventQueue {
  /**
   * Takes events in; resolves when they are on disk.
   *
   * @throws {QueueFullError} when too many wait
   * @throws {StoreError} when they could not be stored within 4 seconds
   */
  add(events: readonly NewEvent[]): Promise<void>;
  /** Begins to handle what waits. */
  start(): void;
  /** Starts no further event and resolves when those under way have come to an end. */
  stop(): Promise<void>;
  /** Resolves when nothing is under way and nothing is due. */
  idle(): Promise<void>;
}

/** Too many events wait; the sender should deliver again later. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/** The platform waits 5 seconds for its answer. */
const STORE_LIMIT_MS = 4_000;
const PROBE_EVERY_MS = 60_000;
const MESSAGING_WINDOW_MS = 24 * 60 * 60 * 1_000;
/** How often to look for what another process (the operator's command) has put back, and to clean up. */
const LOOK_EVERY_MS = 1_000;
const CLEAN_EVERY_MS = 60_000;

/**
 * Makes the queue. Events wait on disk; in memory are only those that are being handled.
 *
 * @param options the store, what handles an event, and the bounds
 */
export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { store, handle, log, clock, random, maxConcurrentConversations, maxPendingEvents } = options;
  const gate = createGate(clock);
  const active = new Set<string>();
  const idleWaiters: (() => void)[] = [];
  let running = false;
  let cancelWakeUp: () => void = () => undefined;
  let lastCleaned = 0;

  const save = (change: () => Promise<unknown>) => persistently(change, { clock, log, goOn: () => running });

  /** Starts whatever is due and may start, and plans the next look. */
  function fill(): void {
    cancelWakeUp();
    if (running) {
      const free = maxConcurrentConversations - active.size;
      for (const conversation of free > 0 ? store.dueConversations(clock.now(), free, active) : []) {
        if (!gate.lets(active.size)) break;
        active.add(conversation);
        void work(conversation).finally(() => {
          active.delete(conversation);
          fill();
        });
      }
      cancelWakeUp = clock.after(untilNextLook(), fill);
      if (clock.now() - lastCleaned >= CLEAN_EVERY_MS) clean();
    }
    if (active.size === 0 && !isSomethingDue())
      idleWaiters.splice(0).forEach((resolve) => {
        resolve();
      });
  }

  function isSomethingDue(): boolean {
    return running && gate.lets(0) && store.dueConversations(clock.now(), 1, active).length > 0;
  }

  function untilNextLook(): number {
    const next = gate.closed ? gate.opensAt : (store.nextDueAt(active) ?? Infinity);
    const ms = next - clock.now();
    return ms > 0 && ms < LOOK_EVERY_MS ? ms : LOOK_EVERY_MS;
  }

  function clean(): void {
    lastCleaned = clock.now();
    store.clean(clock.now()).catch((error: unknown) => {
      log.warn({ err: error }, 'old events could not be cleaned up');
    });
  }

  /** Handles a conversation's events until none is left, or one of them has to wait. Does not reject. */
  async function work(conversation: string): Promise<void> {
    try {
      for (let event = store.head(conversation); event && running; event = store.head(conversation)) {
        const goOn = await handleOne(event);
        if (!goOn || gate.closed) return;
      }
    } catch (error) {
      log.error({ err: error }, 'a conversation could not be worked on; it is tried again');
      if (running) await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
    }
  }

  /** Handles one event; false when it stays and has to wait. */
  async function handleOne(event: StoredEvent): Promise<boolean> {
    const { id } = event;
    if (clock.now() - Math.max(event.timestamp, event.retriedAt ?? 0) > MESSAGING_WINDOW_MS) {
      return setAside(id, 'It is older than 24 hours: the messaging window is over.', true);
    }
    const verdict = await handle(event, {
      completed: event.calls,
      note: (call) => save(() => store.noteCall(id, call)),
    });
    switch (verdict.kind) {
      case 'done':
        if (verdict.calls > 0) reopen();
        await save(() => store.finish(id, clock.now()));
        return true;
      case 'set_aside':
        reopen();
        return setAside(id, verdict.reason, verdict.isExpected);
      case 'retry':
        return wait(event, backoff(event.attempts + 1, random()), verdict.reason);
      case 'pause':
        return closeGate(id, verdict.forMs ?? backoff(gate.failures + 1, random()), verdict.reason, 'sending pauses');
      case 'hold':
        return closeGate(id, PROBE_EVERY_MS, verdict.reason, 'all sending holds; one event is tried every minute');
    }
  }

  async function setAside(id: string, reason: string, isExpected: boolean): Promise<boolean> {
    await save(() => store.setAside(id, reason, clock.now()));
    log[isExpected ? 'warn' : 'error']({ event: id, reason }, 'event set aside; see it with: npm run queue -- show ID');
    return true;
  }

  async function wait(event: StoredEvent, ms: number, reason: string): Promise<boolean> {
    if (gate.closed) gate.close(ms);
    log.warn({ event: event.id, attempt: event.attempts + 1, againInMs: ms, reason }, 'event will be tried again');
    await save(() => store.postpone(event.id, clock.now() + ms, reason, true));
    return false;
  }

  async function closeGate(id: string, ms: number, reason: string, what: string): Promise<boolean> {
    const first = !gate.closed || clock.now() >= gate.opensAt;
    gate.close(ms);
    if (first) log.error({ event: id, againInMs: ms, waiting: store.countWaiting(), reason }, what);
    await save(() => store.postpone(id, clock.now(), reason, false));
    return false;
  }

  function reopen(): void {
    if (gate.closed) log.info({ waiting: store.countWaiting() }, 'sending goes on');
    gate.open();
  }

  return {
    async add(events) {
      if (events.length === 0) return;
      if (store.countWaiting() + events.length > maxPendingEvents) {
        throw new QueueFullError(`More than ${maxPendingEvents} events would wait.`);
      }
      const { known } = await withinLimit(store.add(events, clock.now()), clock);
      if (known > 0) log.info({ known }, 'events delivered again: already known');
      fill();
    },
    start() {
      running = true;
      fill();
    },
    async stop() {
      running = false;
      fill();
      while (active.size > 0) await new Promise<void>((resolve) => idleWaiters.push(resolve));
    },
    async idle() {
      if (active.size > 0 || isSomethingDue()) await new Promise<void>((resolve) => idleWaiters.push(resolve));
    },
  };
}

/** Gives up on a store that is too slow; what it stores after all is known when it is delivered again. */
async function withinLimit<Result>(storing: Promise<Result>, clock: Clock): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(STORE_LIMIT_MS, () => {
      reject(new StoreError('The events could not be stored: it took more than 4 seconds.'));
    });
    storing.then(resolve, reject).finally(cancel);
  });
}
