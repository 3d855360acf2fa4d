import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../process/clock';

/** Looks for what is due: whenever it is asked to, and by itself when the last look has said so. */
export interface LookOut {
  /** Looks now; while a look is under way, once more after it. */
  readonly look: () => void;
  readonly isLooking: boolean;
  /** Looks no more by itself. */
  stop(): void;
}

/**
 * Makes a look-out, which looks at one time only once.
 *
 * @param once a look, which must not reject; resolves with how soon, in milliseconds, the next one is needed at the latest, or
 * with undefined where none is
 * @param rested called after each look that no other one follows at once
 */
export function createLookOut(clock: Clock, once: () => Promise<number | undefined>, rested: () => void): LookOut {
  let isLooking = false;
  let asked = 0;
  let wakeUpAt = Infinity;
  let cancelWakeUp: () => void = () => undefined;

  const look = (): void => {
    asked += 1;
    if (!isLooking) void lookAndPlan();
  };

  const lookAndPlan = async (): Promise<void> => {
    isLooking = true;
    let answered = asked;
    let ms = await once();
    while (answered !== asked) {
      await nextTurn(); // events that make no call would leave nobody else their turn
      answered = asked;
      ms = await once();
    }
    isLooking = false;
    if (ms !== undefined) wakeUpIn(ms);
    rested();
  };

  /** Where a look is planned for an earlier time, that one will do. */
  const wakeUpIn = (ms: number): void => {
    const at = clock.monotonic() + ms;
    if (at >= wakeUpAt) return;
    cancelWakeUp();
    wakeUpAt = at;
    cancelWakeUp = clock.after(ms, () => {
      wakeUpAt = Infinity;
      look();
    });
  };

  return {
    look,
    get isLooking() {
      return isLooking;
    },
    stop: () => {
      cancelWakeUp();
    },
  };
}
