import type { Clock } from '../process/clock';

const SAY_EVERY_MS = 60_000;

/**
 * Makes what lets something be said at once, and then at most once a minute: where the store is away, everything that is under
 * way says the same.
 */
export function createSeldom(clock: Clock): (say: () => void) => void {
  let sayFrom = -Infinity;
  return (say) => {
    if (clock.monotonic() < sayFrom) return;
    sayFrom = clock.monotonic() + SAY_EVERY_MS;
    say();
  };
}
