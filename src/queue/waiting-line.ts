import type { Clock } from '../process/clock';
import { HeldBackError } from './verdict';

/** Messages that wait for their turn, in the order they came. */
export interface WaitingLine {
  readonly size: number;
  /** Lets them go, one call each; who has gone is no longer there. */
  [Symbol.iterator](): Iterator<() => void>;
  /** As `Pace.turn`. */
  join(signal: AbortSignal): Promise<number>;
}

/**
 * Makes a line, with nobody in it.
 *
 * @param joined called each time that somebody has come
 */
export function createWaitingLine(clock: Clock, joined: () => void): WaitingLine {
  const line = new Set<() => void>();
  return {
    get size() {
      return line.size;
    },
    [Symbol.iterator]: () => line.values(),
    join: (signal) =>
      new Promise((resolve, reject) => {
        const giveUp = () => {
          line.delete(leave);
          reject(new HeldBackError('The message was not sent: the bot is stopping.'));
        };
        const since = clock.monotonic();
        const leave = () => {
          line.delete(leave);
          signal.removeEventListener('abort', giveUp);
          resolve(clock.monotonic() - since);
        };
        if (signal.aborted) {
          giveUp();
          return;
        }
        signal.addEventListener('abort', giveUp, { once: true });
        line.add(leave);
        joined();
      }),
  };
}
