import type { Logger } from 'pino';
import type { Clock } from '../clock';
import type { StoredEvent } from './event-store';

const HOUR_MS = 60 * 60 * 1_000;
const MESSAGING_WINDOW_MS = 24 * HOUR_MS;
/** The platform gives up delivering after an hour: what arrives later than this was dated by another clock. */
const LATEST_ARRIVAL_MS = 12 * HOUR_MS;
/** Smaller corrections are everyday work of the system's time service. */
const STEP_MS = 60_000;
/** A clock that has stayed where it stepped to for so long is believed. */
const BELIEVED_AFTER_MS = 24 * HOUR_MS;

/** The wall clock, as far as it is acted on: a doubtful one is said, and not believed to be later than it is for certain. */
export interface TrustedTime {
  /** Milliseconds since 1970; to be asked at least every few minutes, or a step cannot be told from time that has passed. */
  now(): number;
  /** Whether the messaging window of an event is over. */
  isOver(event: StoredEvent): boolean;
}

export function createTrustedTime(clock: Clock, log: Logger): TrustedTime {
  let offset = clock.now() - clock.monotonic();
  let trusted = offset;
  let steppedAt = -Infinity;
  let saidAt = -Infinity;

  const now = (): number => {
    const current = clock.now() - clock.monotonic();
    const step = current - offset;
    if (Math.abs(step) >= STEP_MS) {
      steppedAt = clock.monotonic();
      log.warn({ stepMs: Math.round(step) }, 'the clock of this machine has stepped; check its time service (NTP)');
    } else if (trusted === offset) trusted = current;
    offset = current;
    if (offset <= trusted || clock.monotonic() - steppedAt >= BELIEVED_AFTER_MS) trusted = offset;
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
      const lateMs = receivedAt - timestamp;
      if (lateMs > LATEST_ARRIVAL_MS) doubt(lateMs);
      const since = lateMs > LATEST_ARRIVAL_MS ? receivedAt : Math.min(timestamp, receivedAt);
      return now() - Math.max(since, retriedAt) > MESSAGING_WINDOW_MS;
    },
  };
}
