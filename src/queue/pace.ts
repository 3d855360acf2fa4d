import type { Clock } from '../process/clock';
import { createWaitingLine } from './waiting-line';

/** Spaces a Page's messages. */
export interface Pace {
  /** How many wait for their turn. */
  readonly waiting: number;
  /**
   * Waits for one's turn.
   *
   * @param signal gives the place in the line up
   * @returns how long that took, in milliseconds
   * @throws {HeldBackError} when the signal is aborted
   */
  turn(signal: AbortSignal): Promise<number>;
}

/**
 * Makes a pace: evenly, in the order they come, and never more than so many in any one second. Time that is lost to a late
 * timer or a busy process is made up, at no more than double the pace; after a pause there is no burst.
 *
 * @param perSecond how many messages, at least 1
 * @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting
 */
export function createPace(perSecond: number, clock: Clock): Pace {
  const spacing = 1_000 / perSecond;
  /** When the last messages of a second's worth left, as a ring. */
  const lastSecond = new Float64Array(perSecond).fill(-Infinity);
  let sent = 0;
  let last = -Infinity;
  /** When the next one would leave if every timer were exact. */
  let planned = -Infinity;
  let isTimerSet = false;
  const line = createWaitingLine(clock, () => {
    if (line.size === 1) planned = Math.max(planned, clock.monotonic());
    if (!isTimerSet) letOut();
  });

  const letOut = (): void => {
    isTimerSet = false;
    for (const leave of line) {
      const now = clock.monotonic();
      const oneSecondAfter = Number(lastSecond[sent % perSecond]) + 1_000;
      const ms = Math.max(planned, last + spacing / 2, oneSecondAfter) - now;
      if (ms > 0) {
        isTimerSet = true;
        clock.after(Math.ceil(ms), letOut);
        return;
      }
      lastSecond[sent % perSecond] = now;
      sent += 1;
      last = now;
      planned += spacing;
      leave();
    }
  };

  return {
    get waiting() {
      return line.size;
    },
    turn: (signal) => line.join(signal),
  };
}
