import type { Trouble } from './page/types';

export type { Trouble } from './page/types';

export const noTrouble: Readonly<Trouble> = {
  latencyMs: 0,
  serverErrors: false,
  timeouts: false,
  rateLimited: false,
  tokenInvalid: false,
  redeliver: false,
  reorder: false,
  noDefaultApplication: false,
  botDown: false,
};

const LONGEST_LATENCY_MS = 60_000;

/**
 * Reads a wish to change something.
 *
 * @throws {RangeError} naming what is not understood
 */
export function readTrouble(wish: Readonly<Record<string, unknown>>): Partial<Trouble> {
  return Object.fromEntries(
    Object.entries(wish).map(([name, value]) => {
      if (!Object.hasOwn(noTrouble, name)) throw new RangeError(`There is no trouble named "${name}".`);
      const fits =
        name === 'latencyMs'
          ? typeof value === 'number' && value >= 0 && value <= LONGEST_LATENCY_MS
          : typeof value === 'boolean';
      if (!fits)
        throw new RangeError(
          name === 'latencyMs' ? `latencyMs takes 0 to ${LONGEST_LATENCY_MS}.` : `${name} takes true or false.`,
        );
      return [name, value];
    }),
  );
}
