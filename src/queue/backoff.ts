const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60 * 1_000;

/**
 * How long to wait before the next attempt: 1 s, doubling up to 5 min, of which a random part of up to a quarter is taken
 * off, so that many conversations do not come back at once.
 *
 * @param failures how many attempts have failed, at least 1
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function backoff(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30));
  return Math.round(longest * (1 - random / 4));
}
