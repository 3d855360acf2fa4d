import type { Clock } from '../process/clock';
import type { Logger } from '../process/logger';
import { CHECK_DISK, StoreError, type EventStore } from '../queue/event-store';

/** Why no events can be taken in at this moment. */
export interface Reason {
  readonly what: 'starting' | 'stopping' | 'storage_failing' | 'queue_full';
  /** What is wrong, and what to do. */
  readonly detail: string;
}

type Storage = Pick<EventStore, 'probe' | 'figures' | 'advice'>;

export interface Readiness {
  /** Events are taken in from now on. */
  begin(storage: Storage): void;
  /** No longer. */
  end(): void;
  /** An event could be stored, or could not: nobody need try. */
  noteStored(error?: unknown): void;
  /** Nothing, where events can be taken in. Holding or pausing is no reason: what comes in is kept meanwhile. */
  reasons(): Promise<readonly Reason[]>;
}

/** How long it is believed that events can be stored, and that they cannot. */
const GOOD_FOR_MS = 10_000;
const BAD_FOR_MS = 1_000;
/** What takes longer would be too late for the platform. */
const PROBE_LIMIT_MS = 4_000;

const starting: Reason = { what: 'starting', detail: 'The bot is starting: ask again in a second.' };
const stopping: Reason = { what: 'stopping', detail: 'The bot is stopping: start it again where it should run.' };

/**
 * Makes what tells whether events can be taken in. Asked, it tries whether they could be stored: at most every ten seconds while
 * they could, every second while they could not. A line is logged when that changes.
 *
 * @param log where it is said
 * @param mostWaiting how many events may wait
 */
export function createReadiness(clock: Clock, mostWaiting: number, log: Logger): Readiness {
  let storage: Storage | undefined;
  let hasEnded = false;
  let failure: Reason | undefined;
  let knownUntil = -Infinity;
  let probing: Promise<void> | undefined;

  const noteStored = (error?: unknown): void => {
    if (error !== undefined && !failure) log.error({ err: error }, 'events cannot be stored; the platform keeps them');
    if (error === undefined && failure) log.info('events can be stored again');
    failure = error === undefined ? undefined : { what: 'storage_failing', detail: describe(error) };
    knownUntil = clock.monotonic() + (failure ? BAD_FOR_MS : GOOD_FOR_MS);
  };

  const tryToStore = async ({ probe, advice }: Storage): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(PROBE_LIMIT_MS, () => {
        reject(new StoreError('Nothing can be stored: it takes more than 4 seconds', advice));
      });
      probe().then(resolve, reject).finally(cancel);
    }).then(() => {
      noteStored();
    }, noteStored);
    probing = undefined;
  };

  return {
    begin(opened) {
      storage = opened;
    },
    end() {
      hasEnded = true;
    },
    noteStored,
    async reasons() {
      if (hasEnded) return [stopping];
      if (!storage) return [starting];
      if (clock.monotonic() >= knownUntil) await (probing ??= tryToStore(storage));
      // Where that cannot be told, nothing can be stored either: whoever tries will say so.
      const { waiting, putBack } = await storage.figures().catch(() => ({ waiting: 0, putBack: 0 }));
      const isFull = waiting - putBack >= mostWaiting;
      return [...(failure ? [failure] : []), ...(isFull ? [full(waiting)] : [])];
    },
  };
}

function full(waiting: number): Reason {
  const detail = `${waiting} events wait, as many as may (MAX_PENDING_EVENTS). What they wait for stands in /state.`;
  return { what: 'queue_full', detail };
}

function describe(error: unknown): string {
  const { message = String(error), advice = CHECK_DISK } = error as { message?: string; advice?: string };
  return `${message.replace(/\.$/, '')}. ${advice}`;
}
