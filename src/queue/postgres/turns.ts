import type { Clock } from '../../process/clock';
import type { Pace } from '../pace';
import { createWaitingLine } from '../waiting-line';
import type { DatabaseClock } from './database-clock';

export interface TurnsOptions {
  readonly clock: Clock;
  readonly time: Pick<DatabaseClock, 'now'>;
  /** At least 1. */
  readonly perSecond: number;
  /** Reserves so many turns, one `spacingMs` after the other; resolves with the time of the first, by the database's clock. */
  readonly reserve: (turns: number, spacingMs: number) => Promise<number>;
}

/** Turns are reserved for about so long a time at once, and so long before the last ones are over. */
const RESERVE_MS = 200;
const AHEAD_MS = 100;
/** How soon to try again where turns cannot be reserved. */
const AGAIN_AFTER_MS = 1_000;
/** A turn that is so far ahead is none: the database's clock has been put back. */
const FAR_MS = 60_000;
/** How much later than its turn a message may leave, in parts of the spacing; at a fast pace a timer is not more exact than this. */
const LATE_PART = 0.8;
const LATE_MS = 20;

/**
 * Makes a pace that many instances share: each message leaves at a turn that nobody else has. One that cannot leave at its turn takes a
 * new one: so there is at most one message more than the pace in any second, however many instances there are.
 */
export function createTurns({ clock, time, perSecond, reserve }: TurnsOptions): Pace {
  const spacing = 1_000 / perSecond;
  const late = Math.max(spacing * LATE_PART, LATE_MS);
  const atOnce = Math.max(1, Math.ceil(RESERVE_MS / spacing));
  const line = createWaitingLine(clock, () => {
    letOut();
  });
  /** By the database's clock. */
  let turns: number[] = [];
  let isReserving = false;
  let isTimerSet = false;

  const wakeUpIn = (ms: number): void => {
    if (isTimerSet) return;
    isTimerSet = true;
    clock.after(Math.max(1, Math.ceil(ms)), () => {
      isTimerSet = false;
      letOut();
    });
  };

  const reserveMore = async (count: number): Promise<void> => {
    isReserving = true;
    try {
      const first = await reserve(count, spacing);
      turns.push(...Array.from({ length: count }, (_, n) => first + n * spacing));
      isReserving = false;
      letOut();
    } catch {
      // The database is away: whoever looks at it says so.
      clock.after(AGAIN_AFTER_MS, () => {
        isReserving = false;
        letOut();
      });
    }
  };

  const letOut = (): void => {
    const now = time.now();
    turns = turns.filter((turn) => turn + late > now && turn < now + FAR_MS);
    for (const leave of line) {
      const [turn] = turns;
      if (turn === undefined || turn > now) break;
      turns.shift();
      leave();
    }
    const missing = Math.min(line.size - turns.length, atOnce);
    const last = turns.at(-1);
    if (missing > 0 && !isReserving && (last === undefined || last - now < AHEAD_MS)) void reserveMore(missing);
    const [next] = turns;
    if (line.size > 0 && next !== undefined) wakeUpIn(Math.min(next - now, AHEAD_MS / 2));
  };

  return {
    get waiting() {
      return line.size;
    },
    turn: (signal) => line.join(signal),
  };
}
