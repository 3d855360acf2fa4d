import type { Logger } from 'pino';
import { backoff } from './backoff';
import type { ClosedState, GateCell, GateState } from './gate-cell';

/** What an attempt is allowed to do: everything while the gate is open, or to be the probe of one closing, `epoch`. */
export interface Ticket {
  readonly epoch: number;
  readonly isProbe: boolean;
}

/** Why the gate closes. `pause`: too many calls. `hold`: nothing will succeed until a person has acted. */
export interface Closing {
  readonly kind: ClosedState['kind'];
  readonly reason: string;
  /** For how long, in milliseconds; undefined for growing times of at most a minute (`pause`: five). */
  readonly forMs: number | undefined;
}

/**
 * A Page's way out. Open, it lets everything through; closed, nothing for a time, and then one attempt after the other, its
 * probes. Each closing is an epoch, as is each time that a probe keeps it closed; only its own probe opens the gate: what began
 * before proves nothing. Where it stands is in a cell, which several machines can share; what changes it rejects when the cell
 * cannot be changed.
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
  status(): GateStatus | undefined;
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

/** What a change comes to, and what is said of it. */
type Outcome = readonly [GateState, (() => void)?];

/**
 * Makes the gate of one Page.
 *
 * @param cell where it stands
 * @param random from 0 to 1
 * @param log where closing and opening are said
 * @param about what that begins with
 */
export function createGate(
  cell: GateCell,
  random: () => number,
  log: Logger,
  about: () => Readonly<Record<string, unknown>> = () => ({}),
): Gate {
  const shut = ({ closed, ...state }: GateState, closing: Closing, failures: number, now: number): Outcome => {
    const { kind, reason } = closing;
    const growing = backoff(failures, random());
    const ms = closing.forMs ?? (kind === 'hold' ? Math.min(HOLD_MS, growing) : growing);
    const since = closed?.kind === kind ? closed.since : now;
    const facts = { ...about(), againInMs: ms, reason };
    return [
      { ...state, epoch: state.epoch + 1, closed: { kind, reason, failures, since, probeFrom: now + ms } },
      () => {
        if (kind === 'pause') log.warn(facts, 'sending pauses');
        else
          log[failures === 1 ? 'error' : 'warn'](facts, 'all sending holds; one event is tried at least every minute');
      },
    ];
  };

  /** Says a change once it is made. */
  const change = async (step: (state: GateState, now: number) => Outcome): Promise<void> => {
    const say = await cell.change((state, now) => {
      const [next, saying] = step(state, now);
      return [next, saying];
    });
    say?.();
  };

  /** A change that only the probe of the present closing makes. */
  const changeAsProbe = async (
    ticket: Ticket,
    step: (state: GateState, closed: ClosedState, now: number) => Outcome,
  ): Promise<void> => {
    if (!ticket.isProbe) return;
    await change((state, now) => (isProbe(state, ticket) && state.closed ? step(state, state.closed, now) : [state]));
  };

  return {
    async admit() {
      const { epoch, closed } = cell.seen();
      if (!closed) return { epoch, isProbe: false };
      const ms = waitFor(closed, cell.now());
      return ms > 0 ? ms : cell.change((state, now) => claimProbe(state, now, cell.probeLimitMs));
    },
    async lets(ticket) {
      if (!cell.seen().closed) return true;
      if (!ticket.isProbe) return false;
      return cell.change((state, now) => {
        if (!state.closed) return [state, true];
        if (!isProbe(state, ticket)) return [state, false];
        return [{ ...state, closed: { ...state.closed, probingUntil: now + cell.probeLimitMs } }, true];
      });
    },
    close: (ticket, closing) =>
      change((state, now) => {
        const { closed } = state;
        if (ticket.epoch < state.heardFrom) return [state];
        if (!closed) return shut(state, closing, 1, now);
        if (isProbe(state, ticket)) return shut(state, closing, closed.failures + 1, now);
        if (closing.kind === 'hold' && closed.kind === 'pause') return shut(state, closing, 1, now);
        if (closing.forMs === undefined) return [state];
        // It confirms what is known; the longer of two times counts.
        return [{ ...state, closed: { ...closed, probeFrom: Math.max(closed.probeFrom, now + closing.forMs) } }];
      }),
    keepClosed: (ticket, reason) =>
      changeAsProbe(ticket, (state, { kind, failures }, now) =>
        shut(state, { kind, reason, forMs: undefined }, failures + 1, now),
      ),
    open: (ticket) =>
      changeAsProbe(ticket, ({ closed: _closed, ...state }) => [
        state,
        () => {
          log.info(about(), 'sending goes on');
        },
      ]),
    probeAgain: (ticket) =>
      changeAsProbe(ticket, (state, { probingUntil: _probingUntil, ...closed }) => [{ ...state, closed }]),
    tryNow: () =>
      change((state, now) => {
        if (state.closed?.kind === 'pause') return [state];
        const next = { epoch: state.epoch + 1, heardFrom: state.epoch + 1 };
        if (!state.closed) return [next];
        const { probingUntil: _probingUntil, ...closed } = state.closed;
        return [{ ...next, closed: { ...closed, probeFrom: now } }];
      }),
    status() {
      const { closed } = cell.seen();
      if (!closed) return undefined;
      const { kind, reason, since, probeFrom } = closed;
      const now = cell.now();
      return { kind, reason, sinceMs: now - since, nextTryInMs: Math.max(0, probeFrom - now) };
    },
  };
}

function isProbe({ closed, epoch }: GateState, ticket: Ticket): boolean {
  return closed !== undefined && ticket.isProbe && ticket.epoch === epoch;
}

/** How long no probe may leave; Infinity while one is under way: somebody will say what has come of it. */
function waitFor({ probeFrom, probingUntil = -Infinity }: ClosedState, now: number): number {
  return now < probingUntil ? Infinity : probeFrom - now;
}

function claimProbe(state: GateState, now: number, limitMs: number): readonly [GateState, Ticket | number] {
  const { closed, epoch: before } = state;
  if (!closed) return [state, { epoch: before, isProbe: false }];
  const ms = waitFor(closed, now);
  if (ms > 0) return [state, ms];
  // Nobody has heard of the last one any more: whatever it may still do, it is not the probe.
  const epoch = closed.probingUntil === undefined ? before : before + 1;
  return [
    { ...state, epoch, closed: { ...closed, probingUntil: now + limitMs } },
    { epoch, isProbe: true },
  ];
}
