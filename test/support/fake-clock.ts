import type { Clock } from '../../src/process/clock';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export interface FakeClock extends Clock {
  /** Lets time pass, calling back in order; whatever a callback starts is given the time to settle. */
  pass(ms: number): Promise<void>;
  /** The same in one leap, once what is under way has come to rest: whatever was due on the way is called back at its end. */
  leap(ms: number): Promise<void>;
  /** Somebody sets the clock on the wall; no time passes. */
  step(ms: number): void;
}

/**
 * A clock that stands still until it is told to move on.
 *
 * @param start milliseconds since 1970
 * @param isBusy whether something is under way that takes real time, such as a disk write
 */
export function fakeClock(start: number, isBusy?: () => boolean): FakeClock {
  let passed = 0;
  let wall = start;
  const timers = new Set<Timer>();
  const nextUntil = (end: number) => {
    let next: Timer | undefined;
    for (const timer of timers) if (timer.at <= end && (!next || timer.at < next.at)) next = timer;
    return next;
  };
  const moveTo = (time: number) => {
    passed = Math.max(passed, time);
  };
  return {
    now: () => wall + passed,
    monotonic: () => passed,
    after(ms, callback) {
      const timer = { at: passed + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    step: (ms) => {
      wall += ms;
    },
    async pass(ms) {
      const end = passed + ms;
      await settle(isBusy);
      for (let timer = nextUntil(end); timer; timer = nextUntil(end)) {
        timers.delete(timer);
        moveTo(timer.at);
        timer.callback();
        await settle(isBusy);
      }
      moveTo(end);
      await settle(isBusy);
    },
    async leap(ms) {
      await settle(isBusy);
      passed += ms;
      await this.pass(0);
    },
  };
}

/** Waits until what is under way has come to rest: nothing is busy for some turns of the event loop in a row. */
export async function settle(isBusy: () => boolean = () => false): Promise<void> {
  for (let quiet = 0; quiet < 10; quiet = isBusy() ? 0 : quiet + 1)
    await new Promise((resolve) => setImmediate(resolve));
}
