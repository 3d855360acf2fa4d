import type { Logger } from 'pino';
import type { Clock } from '../process/clock';
import { backoff } from './backoff';

/** What an attempt is allowed to do: everything while the gate is open, or to be the probe of one closing, `epoch`. */
export interface Ticket {
  readonly epoch: number;
  readonly isProbe: boolean;
}

/** Why the gate closes. `pause`: too many calls. `hold`: nothing will succeed until a person has acted. */
export interface Closing {
  readonly kind: 'pause' | 'hold';
  readonly reason: string;
  /** For how long, in milliseconds; undefined for growing times of at most a minute (`pause`: five). */
  readonly forMs: number | undefined;
}

/**
 * A Page's way out. Open, it lets everything through; closed, nothing for a time, and then one attempt after the other, its
 * probes. Each closing is an epoch, as is each time that a probe keeps it closed; only its own probe opens the gate: what began
 * before proves nothing. Asynchronous, so that several machines can share one.
 */
export interface Gate {
  /** A ticket for one more attempt, or how long there is none, in milliseconds. A probe's ticket is given out once. */
  admit(): Promise<Ticket | number>;
  /** Whether a call may leave now. */
  lets(ticket: Ticket): Promise<boolean>;
  /** Closes the gate, or, by the probe, keeps it closed. What began before can only confirm that, or make a hold of a pause. */
  close(ticket: Ticket, closing: Closing): Promise<void>;
  /** The probe has failed, for another reason than the gate was closed for: it stays closed as it is, with backoff. */
  keepClosed(ticket: Ticket, reason: string): Promise<void>;
  /** The attempt has had a call that succeeded: as a probe it opens the gate. */
  open(ticket: Ticket): Promise<void>;
  /** The probe has shown nothing, neither success nor failure: another one may try at once. */
  probeAgain(ticket: Ticket): Promise<void>;
  /**
   * What nothing could succeed for may have been mended: what began before proves nothing any more, and where calls are held, a
   * probe may leave at once. A pause goes on: the platform asked for it.
   */
  tryNow(): Promise<void>;
  /** Undefined while it is open. */
  status(): Promise<GateStatus | undefined>;
}

/** A closed gate. */
export interface GateStatus {
  readonly kind: Closing['kind'];
  readonly reason: string;
  /** How long it has been closed in this way, in milliseconds, for whatever reasons. */
  readonly sinceMs: number;
  /** How soon the next probe may leave, in milliseconds; 0 while one is under way. */
  readonly nextTryInMs: number;
}

/** How often a holding Page is tried. */
export const HOLD_MS = 60_000;

interface Closed {
  readonly closing: Closing;
  readonly failures: number;
  readonly since: number;
  readonly probeFrom: number;
  readonly probing: boolean;
}

/**
 * Makes the gate of one Page, open.
 *
 * @param random from 0 to 1
 * @param log where closing and opening are said
 */
export function createGate(clock: Clock, random: () => number, log: Logger): Gate {
  let epoch = 0;
  let closed: Closed | undefined;
  /** What began before this epoch is not heard. */
  let heardFrom = 0;

  const isProbe = (ticket: Ticket) => ticket.isProbe && ticket.epoch === epoch;

  const shut = (closing: Closing, failures: number): void => {
    const growing = backoff(failures, random());
    const ms = closing.forMs ?? (closing.kind === 'hold' ? Math.min(HOLD_MS, growing) : growing);
    epoch += 1;
    const now = clock.monotonic();
    const since = closed?.closing.kind === closing.kind ? closed.since : now;
    closed = { closing, failures, since, probeFrom: now + ms, probing: false };
    const facts = { againInMs: ms, reason: closing.reason };
    if (closing.kind === 'pause') log.warn(facts, 'sending pauses');
    else log[failures === 1 ? 'error' : 'warn'](facts, 'all sending holds; one event is tried at least every minute');
  };

  return {
    admit() {
      if (!closed) return Promise.resolve({ epoch, isProbe: false });
      if (closed.probing) return Promise.resolve(Infinity);
      const ms = closed.probeFrom - clock.monotonic();
      if (ms > 0) return Promise.resolve(ms);
      closed = { ...closed, probing: true };
      return Promise.resolve({ epoch, isProbe: true });
    },
    lets: (ticket) => Promise.resolve(!closed || isProbe(ticket)),
    close(ticket, closing) {
      if (ticket.epoch < heardFrom) return Promise.resolve();
      if (!closed) shut(closing, 1);
      else if (isProbe(ticket)) shut(closing, closed.failures + 1);
      else if (closing.kind === 'hold' && closed.closing.kind === 'pause') shut(closing, 1);
      // It confirms what is known; the longer of two times counts.
      else if (closing.forMs !== undefined)
        closed = { ...closed, probeFrom: Math.max(closed.probeFrom, clock.monotonic() + closing.forMs) };
      return Promise.resolve();
    },
    keepClosed(ticket, reason) {
      if (closed && isProbe(ticket)) shut({ kind: closed.closing.kind, reason, forMs: undefined }, closed.failures + 1);
      return Promise.resolve();
    },
    open(ticket) {
      if (closed && isProbe(ticket)) {
        closed = undefined;
        log.info('sending goes on');
      }
      return Promise.resolve();
    },
    probeAgain(ticket) {
      if (closed && isProbe(ticket)) closed = { ...closed, probing: false };
      return Promise.resolve();
    },
    tryNow() {
      if (closed?.closing.kind === 'pause') return Promise.resolve();
      epoch += 1;
      heardFrom = epoch;
      if (closed) closed = { ...closed, probeFrom: clock.monotonic(), probing: false };
      return Promise.resolve();
    },
    status() {
      if (!closed) return Promise.resolve(undefined);
      const { closing, since, probeFrom } = closed;
      const now = clock.monotonic();
      const { kind, reason } = closing;
      return Promise.resolve({ kind, reason, sinceMs: now - since, nextTryInMs: Math.max(0, probeFrom - now) });
    },
  };
}
