/**
 * What shows that a human has a conversation: when that was, and since when the person waited by then. A call that hands over can
 * be made long after the tap.
 */
type Sign = readonly [at: number, since: number];

/**
 * What is known of who has a conversation. Times are milliseconds since 1970, by the platform's clock. All that is kept of the
 * news are the latest ones of each kind, so that it makes no difference in which order, how often, or to which of several
 * bots they came.
 */
export interface Traces {
  /** When it last came back to the bot; only what is later counts. */
  readonly returnedAt?: number | undefined;
  /** What shows that a human has it, earliest first; none where nobody has. */
  readonly signs: readonly Sign[];
  /** When the person last wrote, tapped or was handed over. */
  readonly personAt?: number | undefined;
  /** When a human last wrote; undefined while none has. */
  readonly humanAt?: number | undefined;
}

/** So many signs are kept: the first one, and the latest, for when one more must go that came back late. */
export const MOST_SIGNS = 5;

export const noTraces: Traces = { signs: [] };

/** A tap shows that the bot has the conversation, and can hand it over in the same moment: that counts as later. */
export function tracesOfHandover(at: number, since: number): Traces {
  return { signs: [[at + 1, since]], personAt: since };
}

export function tracesOfReturn(at: number): Traces {
  return { signs: [], returnedAt: at };
}

export function tracesOfPerson(at: number): Traces {
  return { signs: [[at, at]], personAt: at };
}

export function tracesOfHuman(at: number): Traces {
  return { signs: [[at, at]], humanAt: at };
}

/** What is known when both is known. In whatever order more than two are joined, the result is the same. */
export function join(one: Traces, other: Traces): Traces {
  const returnedAt = latest(one.returnedAt, other.returnedAt);
  const isLater = (at: number) => returnedAt === undefined || at > returnedAt;
  const later = (at: number | undefined) => (at !== undefined && isLater(at) ? at : undefined);
  const signs = [...one.signs, ...other.signs].filter(([at]) => isLater(at));
  return {
    returnedAt,
    signs: telling(signs),
    personAt: later(latest(one.personAt, other.personAt)),
    humanAt: later(latest(one.humanAt, other.humanAt)),
  };
}

export function isSame(one: Traces, other: Traces): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/** Those signs beside which no later one tells of an earlier time. */
function telling(signs: readonly Sign[]): readonly Sign[] {
  const latestFirst = signs.toSorted(([a, sinceA], [b, sinceB]) => b - a || sinceA - sinceB);
  const kept: Sign[] = [];
  for (const sign of latestFirst) {
    const [, earliest = Infinity] = kept.at(-1) ?? [];
    if (sign[1] < earliest) kept.push(sign);
  }
  const all = kept.reverse();
  return all.length > MOST_SIGNS ? [...all.slice(0, 1), ...all.slice(1 - MOST_SIGNS)] : all;
}
