import type { Logger } from 'pino';
import type { Clock } from '../process/clock';
import { createSeldom } from './seldom';

const AGAIN_AFTER_MS = 1_000;

export interface PersistenceOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether to try once more; what is given up is picked up at the next start. */
  readonly goOn: () => boolean;
}

/**
 * Makes what makes a change to the store, again and again until it succeeds: what has been sent must be noted before anything else
 * happens, or it would be sent twice.
 *
 * @returns takes the change, and resolves with what it resolves with
 */
export function createPersistence({ clock, log, goOn }: PersistenceOptions) {
  const seldom = createSeldom(clock);

  return async <Result>(change: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await change();
      } catch (error) {
        if (!goOn()) throw error;
        seldom(() => {
          const advice: unknown = Reflect.get(Object(error), 'advice');
          log.error({ err: error, advice }, 'the state of an event could not be stored; trying again');
        });
        await new Promise<void>((resolve) => clock.after(AGAIN_AFTER_MS, resolve));
      }
    }
  };
}
