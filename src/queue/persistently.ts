import type { Logger } from 'pino';
import type { Clock } from '../process/clock';

const AGAIN_AFTER_MS = 1_000;

export interface PersistentlyOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether to try once more; what is given up is picked up at the next start. */
  readonly goOn: () => boolean;
}

/**
 * Makes a change to the store, again and again until it succeeds: what has been sent must be noted before anything else
 * happens, or it would be sent twice.
 *
 * @param change the change
 * @returns what the change resolves with
 */
export async function persistently<Result>(
  change: () => Promise<Result>,
  { clock, log, goOn }: PersistentlyOptions,
): Promise<Result> {
  for (;;) {
    try {
      return await change();
    } catch (error) {
      if (!goOn()) throw error;
      log.error({ err: error }, 'the state of an event could not be stored; trying again. Check the disk of DATA_DIR');
      await new Promise<void>((resolve) => clock.after(AGAIN_AFTER_MS, resolve));
    }
  }
}
