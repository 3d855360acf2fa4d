/** Time, as far as waiting is concerned; tests bring their own. */
export interface Clock {
  /** Wall-clock time, milliseconds since 1970: only for what is stored or shown, since people and programs set it. */
  now(): number;
  /** Milliseconds since some point in the past; never goes back and never leaps. */
  monotonic(): number;
  /** Calls back once after some milliseconds, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest delay a timer takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    return () => {
      clearTimeout(timer);
    };
  },
};
