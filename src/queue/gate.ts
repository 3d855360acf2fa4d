import type { Clock } from '../clock';

/** Lets all events through, or none until a time, and then a single one to see whether all may go on. */
export interface Gate {
  /** Nothing but a single event at a time goes through. */
  readonly closed: boolean;
  /** When the next single event may go through, milliseconds since 1970. */
  readonly opensAt: number;
  /** How often in a row the gate has been closed. */
  readonly failures: number;
  /** Closes the gate for some milliseconds from now. */
  close(ms: number): void;
  /** Whether one more event may start, beside those that run. */
  lets(running: number): boolean;
  open(): void;
}

export function createGate(clock: Clock): Gate {
  let failures = 0;
  let opensAt = 0;
  return {
    get closed() {
      return failures > 0;
    },
    get opensAt() {
      return opensAt;
    },
    get failures() {
      return failures;
    },
    close(ms) {
      // Whatever else was under way when the gate was closed fails too: that is not another failure.
      if (clock.now() >= opensAt) failures += 1;
      opensAt = Math.max(opensAt, clock.now() + ms);
    },
    lets: (running) => failures === 0 || (running === 0 && clock.now() >= opensAt),
    open() {
      failures = 0;
      opensAt = 0;
    },
  };
}
