const MINUTE_MS = 60_000;

/** Says something at most once a minute, however often it happens: the first time at once, and then how often it was. */
export interface LimitedLog {
  /**
   * @param what tells what has happened from everything else
   * @param say is called with how often it has happened since it was last said: now, or when the minute is over
   */
  count(what: string, say: (times: number) => void): void;
}

export function createLimitedLog(): LimitedLog {
  /** What was said less than a minute ago, and how often it has happened since. */
  const since = new Map<string, number>();

  const sayNow = (what: string, times: number, say: (times: number) => void): void => {
    since.set(what, 0);
    say(times);
    const overAMinute = (): void => {
      const more = Number(since.get(what));
      since.delete(what);
      if (more > 0) sayNow(what, more, say);
    };
    setTimeout(overAMinute, MINUTE_MS).unref();
  };

  return {
    count(what, say) {
      const times = since.get(what);
      if (times === undefined) sayNow(what, 1, say);
      else since.set(what, times + 1);
    },
  };
}
