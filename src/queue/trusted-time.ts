import type { Logger } from 'pino';
import type { Clock } from '../process/clock';
import type { StoredEvent } from './event-store';

const HOUR_MS = 60 * 60 * 1_000;
const MESSAGING_WINDOW_MS = 24 * HOUR_MS;
/** The platform gives up delivering after an hour: what arrives later than this was dated by another clock. */
const LATEST_ARRIVAL_MS = 12 * HOUR_MS;
/** Smaller corrections are everyday work of the system's time service. */
const STEP_MS = 60_000;
/** A clock that has stayed where it stepped to for so long is believed. */
const BELIEVED_AFTER_MS = 24 * HOUR_MS;

/**
 * The wall clock, as far as it is acted on. A step is said; one back is believed at once, one forward only after a day, since it
 * would end events for good.
 */
export interface TrustedTime {
  /** Milliseconds since 1970; to be asked often, so that a step is seen soon. */
  now(): number;
  /** Whether the messaging window of an event is over; counted from the earlier of its own time and its arrival, of which one may be wrong. */
  isOver(event: StoredEvent): boolean;
}

/**
 * Makes it.
 *
 * @param log where a step is said
 * @param dating the clock by which events are dated, which may be another machine's: an event is ended only where both say so
 */
export function createTrustedTime(clock: Clock, log: Logger, dating: () => number): TrustedTime {
  /** Wall clock less monotonic clock: as it was last seen, and as it is believed. */
  let seen = clock.now() - clock.monotonic();
  let trusted = seen;
  let steppedAt = -Infinity;
  let saidAt = -Infinity;

  const now = (): number => {
    const current = clock.now() - clock.monotonic();
    const step = current - seen;
    if (Math.abs(step) >= STEP_MS) {
      steppedAt = clock.monotonic();
      log.warn({ stepMs: Math.round(step) }, 'the clock of this machine has stepped; check its time service (NTP)');
    } else if (trusted === seen) trusted = current;
    seen = current;
    if (seen <= trusted || clock.monotonic() - steppedAt >= BELIEVED_AFTER_MS) trusted = seen;
    return clock.monotonic() + trusted;
  };

  const doubt = (lateMs: number): void => {
    if (clock.monotonic() - saidAt < HOUR_MS) return;
    saidAt = clock.monotonic();
    log.warn(
      { lateMs },
      'an event seems to have arrived many hours late: the clock of this machine is probably wrong. Check its time service (NTP)',
    );
  };

  return {
    now,
    isOver({ timestamp, receivedAt, retriedAt = 0 }) {
      const current = Math.min(now(), dating());
      const lateMs = receivedAt - timestamp;
      if (lateMs > LATEST_ARRIVAL_MS) doubt(lateMs);
      const isFromLater = lateMs < -LATEST_ARRIVAL_MS && timestamp <= current; // the clock has been put right since
      const since = lateMs > LATEST_ARRIVAL_MS ? receivedAt : isFromLater ? timestamp : Math.min(timestamp, receivedAt);
      return current - Math.max(since, retriedAt) > MESSAGING_WINDOW_MS;
    },
  };
}
