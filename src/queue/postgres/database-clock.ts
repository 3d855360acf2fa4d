import type { Clock } from '../../process/clock';

/** The database's clock, as far as it is known here without asking. */
export interface DatabaseClock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Takes in what an answer tells.
   *
   * @param askedAt by the monotonic clock
   * @param time what the database said its clock shows
   */
  observe(askedAt: number, time: number): void;
  /** For how long it has not stepped, in milliseconds. */
  steadyForMs(): number;
}

/** What was seen so long ago is replaced by what is seen now, however exact it was. */
const GOOD_FOR_MS = 30_000;
/** Smaller corrections end no lease before its time. */
const STEP_MS = 5_000;

/**
 * Makes it. Of several answers the quickest one tells best; but none that was quick can be right when a later one shows that it
 * must be wrong.
 */
export function createDatabaseClock(clock: Clock): DatabaseClock {
  /** Database time less monotonic time; before anything is known, this machine's. */
  let offset = clock.now() - clock.monotonic();
  let [exactTo, seenAt, steppedAt] = [Infinity, -Infinity, -Infinity];
  return {
    now: () => clock.monotonic() + offset,
    observe(askedAt, time) {
      const answeredAt = clock.monotonic();
      const [least, most] = [time - answeredAt, time - askedAt];
      const isPossible = offset >= least - 1 && offset <= most + 1;
      if (isPossible && most - least > exactTo && answeredAt - seenAt < GOOD_FOR_MS) return;
      const isKnown = seenAt > -Infinity;
      if (isKnown && (offset < least - STEP_MS || offset > most + STEP_MS)) steppedAt = answeredAt;
      offset = (least + most) / 2;
      [exactTo, seenAt] = [most - least, answeredAt];
    },
    steadyForMs: () => clock.monotonic() - steppedAt,
  };
}
