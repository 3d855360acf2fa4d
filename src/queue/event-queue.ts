import { setMaxListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../process/clock';
import { attempt, type AttemptTools } from './attempt';
import {
  StoreError,
  isRepeated,
  type Added,
  type DuePage,
  type EventStore,
  type Lease,
  type NewEvent,
  type StoredEvent,
} from './event-store';
import type { GateStatus, Ticket } from './gate';
import { createLookOut } from './look-out';
import { nobody, type QueueObserver } from './observer';
import { createPages, type Page } from './page';
import { createPersistence } from './persistently';
import { createSeldom } from './seldom';
import { createSlots } from './slots';
import { createTrustedTime } from './trusted-time';
import type { HandleEvent } from './verdict';

export interface EventQueueOptions {
  readonly store: EventStore;
  readonly handle: HandleEvent;
  readonly log: Logger;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly maxConcurrentConversations: number;
  readonly maxPendingEvents: number;
  readonly maxSendsPerSecond: number;
  /** How long a call takes at most, in milliseconds: a lease outlives those that are let out. */
  readonly callLimitMs: number;
  readonly observer?: QueueObserver;
  /** What is said of an event in each log line about it, beside its id. */
  readonly about?: (event: StoredEvent) => Readonly<Record<string, unknown>>;
  /** What is said of a Page in each log line about all its events. */
  readonly aboutPage?: (page: string) => Readonly<Record<string, unknown>>;
}

/** What a Page's events wait for. */
export interface PageStatus {
  readonly page: string;
  /** Undefined while its calls are let out. */
  readonly closed: GateStatus | undefined;
  /** How many messages wait for their turn. */
  readonly inLine: number;
}

export interface QueueStatus {
  /** How many conversations are being worked on. */
  readonly underWay: number;
  readonly pages: readonly PageStatus[];
}

export interface EventQueue {
  /**
   * Takes events in; resolves when they are on disk.
   *
   * @throws {QueueFullError} when too many wait
   * @throws {StoreError} when they could not be stored within 3.5 seconds
   */
  add(events: readonly NewEvent[]): Promise<Added>;
  /** Begins to handle what waits. */
  start(): void;
  /** Lets no further call out, and resolves when those under way have been answered and noted. */
  stop(): Promise<void>;
  /** Tries at once what is held, of all Pages: its cause may have been mended. */
  tryNow(): Promise<void>;
  status(): QueueStatus;
  /** Resolves when nothing is under way and nothing may start now. */
  idle(): Promise<void>;
}

/** The platform waits 5 seconds for its answer, which has a way to go. */
const STORE_LIMIT_MS = 3_500;
/** How often to look for what another process (the operator's command) has changed. */
const LOOK_EVERY_MS = 1_000;
/** How soon to try again what the store has failed to do. */
const AGAIN_AFTER_MS = 1_000;
/** Cleaning up: how much at once, how soon after a full share, and how soon when nothing is left. */
const CLEAN_AT_ONCE = 500;
const CLEAN_ON_MS = 50;
const CLEAN_EVERY_MS = 60_000;
/** At most so many stand in line at the pace: when the gate closes, all of them have to be turned back. */
const MOST_IN_LINE = 64;

/**
 * Makes the queue: leases conversations from the store as far as each Page's gate, its pace and the slots allow, and makes
 * attempts at their events.
 *
 * @param options the store, what handles an event, and the bounds
 */
export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { store, log, clock, random, maxPendingEvents, observer = nobody, about = () => ({}) } = options;
  const time = createTrustedTime(clock, log, () => store.now());
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // everyone in line listens
  const pages = createPages({ aboutPage: () => ({}), ...options });
  const slots = createSlots(options.maxConcurrentConversations);
  const [sayUnreadable, sayStuck] = [createSeldom(clock), createSeldom(clock)];
  const idleWaiters: (() => void)[] = [];
  let running = false;
  let cancelCleaning: () => void = () => undefined;

  const lookOut = createLookOut(clock, lookOnce, () => {
    if (slots.taken === 0)
      idleWaiters.splice(0).forEach((resolve) => {
        resolve();
      });
  });

  const tools: AttemptTools = {
    store,
    handle: options.handle,
    log,
    time,
    random,
    observer,
    about: (event) => ({ event: event.id, ...about(event) }),
    callLimitMs: options.callLimitMs,
    save: createPersistence({ clock, log, goOn: () => running }),
    stopping: stopping.signal,
    look: lookOut.look,
  };

  async function lookOnce(): Promise<number | undefined> {
    if (!running) return undefined;
    try {
      return Math.min(await startWhatIsDue(), LOOK_EVERY_MS);
    } catch (error) {
      sayUnreadable(() => {
        log.error({ err: error, advice: store.advice }, 'the queue could not be read; it is tried again');
      });
      return AGAIN_AFTER_MS;
    }
  }

  /** Starts whatever is due and may start; returns how soon there is more, in milliseconds: Infinity where somebody will say so. */
  async function startWhatIsDue(): Promise<number> {
    time.now(); // asked often, it sees the clock step
    let soonest = Infinity;
    const pagesDue = [...(await store.due())].sort((a, b) => slots.takenBy(a.page) - slots.takenBy(b.page));
    for (const due of pagesDue) soonest = Math.min(soonest, await startPage(due, pagesDue.length));
    return soonest;
  }

  async function startPage(due: DuePage, among: number): Promise<number> {
    const page = pages.of(due.page);
    const fair = slots.roomOf(due.page, among);
    const room = Math.min(fair.first, MOST_IN_LINE - page.pace.waiting);
    const isDue = (ms: number | undefined) => ms !== undefined && ms <= 0;
    const wantsFirst = isDue(due.first) && room > 0;
    const wantsRepeated = isDue(due.repeated) && Math.min(room, fair.repeated) > 0;
    // Where only room is missing, the next look comes with the end of what is under way, or with a message that leaves the line.
    if (!wantsFirst && !wantsRepeated)
      return Math.min(...[due.first, due.repeated].map((ms) => (ms && ms > 0 ? ms : Infinity)));

    const ticket = await page.gate.admit();
    if (typeof ticket === 'number') return ticket;
    const most = ticket.isProbe ? 1 : room;
    let started = 0;
    const start = (leases: readonly Lease[]): void => {
      started += leases.length;
      for (const lease of leases) void work(lease, ticket, page);
    };
    try {
      if (wantsFirst) start(await store.lease(due.page, most, 0));
      const left = most - started;
      if (wantsRepeated && left > 0) start(await store.lease(due.page, 0, Math.min(left, fair.repeated)));
    } finally {
      if (started === 0) await page.gate.probeAgain(ticket);
    }
    if (started > 0) lookOut.look();
    return Infinity;
  }

  /** Works on a leased conversation until none of its events is left, or one of them has to wait. Does not reject. */
  async function work(lease: Lease, ticket: Ticket, page: Page): Promise<void> {
    const giveBack = slots.take(lease.event.page, isRepeated(lease.event) ? 'repeated' : 'first');
    let { event } = lease;
    try {
      for (;;) {
        const next = await attempt({ ...lease, event }, ticket, page, tools);
        if (!next) break;
        event = next;
        await nextTurn(); // events that make no call would leave nobody else their turn
      }
    } catch (error) {
      sayStuck(() => {
        log.error({ err: error }, 'a conversation could not be worked on; it is tried again');
      });
      await page.gate.probeAgain(ticket).catch(() => undefined);
      if (running) await new Promise<void>((resolve) => clock.after(AGAIN_AFTER_MS, resolve));
      await store.release(event.id).catch(() => undefined);
    }
    giveBack();
    lookOut.look();
  }

  /** Forgets old events bit by bit; goes on soon while one of the two kinds fills its share. */
  function clean(): void {
    void store
      .clean(time.now(), CLEAN_AT_ONCE)
      .catch((error: unknown) => {
        log.warn({ err: error }, 'old events could not be cleaned up');
        return 0;
      })
      .then((count) => {
        if (running) cancelCleaning = clock.after(count >= CLEAN_AT_ONCE / 2 ? CLEAN_ON_MS : CLEAN_EVERY_MS, clean);
      });
  }

  const idle = (): Promise<void> =>
    new Promise((resolve) => {
      idleWaiters.push(resolve);
      lookOut.look();
    });

  return {
    async add(events) {
      if (events.length === 0) return { added: 0, known: 0 };
      const counts = await withinLimit(store.add(events, maxPendingEvents), clock, store.advice);
      if (counts.known > 0) log.info({ known: counts.known }, 'events delivered again: already known');
      lookOut.look();
      return counts;
    },
    start() {
      running = true;
      lookOut.look();
      clean();
    },
    async stop() {
      running = false;
      stopping.abort();
      lookOut.stop();
      cancelCleaning();
      while (lookOut.isLooking || slots.taken > 0) await idle();
    },
    async tryNow() {
      for (const { gate } of pages.all().values()) await gate.tryNow();
      lookOut.look();
    },
    status: () => ({
      underWay: slots.taken,
      pages: [...pages.all()].map(([page, { gate, pace }]) => ({ page, closed: gate.status(), inLine: pace.waiting })),
    }),
    idle,
  };
}

/** Gives up on a store that is too slow; what it stores after all is known when it is delivered again. */
async function withinLimit<Result>(storing: Promise<Result>, clock: Clock, advice: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(STORE_LIMIT_MS, () => {
      reject(new StoreError('The events could not be stored: it took more than 3.5 seconds.', advice));
    });
    storing.then(resolve, reject).finally(cancel);
  });
}
