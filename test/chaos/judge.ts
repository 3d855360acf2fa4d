/** A call that Graph has carried out. */
export interface CarriedOut {
  readonly conversation: string;
  /** Which call of the script it is, such as `welcome` or `/take_thread_control`. */
  readonly what: string;
  /** Milliseconds. */
  readonly at: number;
  /** When the answer left; where it is missing, at once. */
  answeredAt?: number;
  /** No answer ever told that it was carried out. */
  readonly isSilent?: boolean;
  /** Which of several servers made it. */
  readonly instance?: number;
}

export interface Findings {
  readonly expected: number;
  readonly lost: number;
  readonly outOfOrder: number;
  /** Calls carried out twice because the process died between Graph's answer and the note of it. */
  readonly doubledByKill: number;
  /** How long before the kill the oldest of them had been answered, milliseconds; 0 where none had been. */
  readonly longestUnnotedMs: number;
  /** Calls carried out again because no answer told of the first time; at most twice each. */
  readonly doubledBySilence: number;
  /** Calls carried out twice for no such reason. */
  readonly doubledOtherwise: number;
}

/** From the signal to the end of the process, milliseconds. */
export interface Kill {
  readonly from: number;
  readonly to: number;
  /** Which of several servers it was; otherwise it was the only one. */
  readonly instance?: number;
}

/** A call, and the same one again. */
export interface Double {
  readonly first: CarriedOut;
  readonly again: CarriedOut;
}

/** How long before a kill an answered call may still be without its note: the answer's way, and a flush under load. */
const NOTE_WINDOW_MS = 100;

/**
 * Compares what was carried out with what had to be.
 *
 * @param expected the calls of each conversation, in order
 * @param carriedOut all calls, in the order in which they were carried out
 * @param kills when servers were killed
 */
export function judge(
  expected: ReadonlyMap<string, readonly string[]>,
  carriedOut: readonly CarriedOut[],
  kills: readonly Kill[],
): Findings {
  const found = { expected: 0, lost: 0, outOfOrder: 0 };
  const doubled = { doubledByKill: 0, longestUnnotedMs: 0, doubledBySilence: 0, doubledOtherwise: 0 };
  const calls = byConversation(carriedOut);
  for (const [conversation, script] of expected) {
    const { once, doubles } = sortOut(calls.get(conversation) ?? []);
    for (const double of doubles) {
      const kill = killBetween(double, kills);
      const { isSilent } = double.first;
      doubled[isSilent ? 'doubledBySilence' : kill ? 'doubledByKill' : 'doubledOtherwise'] += 1;
      if (kill && !isSilent)
        doubled.longestUnnotedMs = Math.max(doubled.longestUnnotedMs, kill.from - answerOf(double.first));
    }
    found.expected += script.length;
    found.lost += countMissing(script, once);
    found.outOfOrder += once.filter(({ what }, index) => index < script.length && what !== script[index]).length;
  }
  return { ...found, ...doubled };
}

/** The doubles that no kill and no silence explains. */
export function unexplained(carriedOut: readonly CarriedOut[], kills: readonly Kill[]): readonly Double[] {
  return [...byConversation(carriedOut).values()]
    .flatMap((calls) => sortOut(calls).doubles)
    .filter((double) => !double.first.isSilent && !killBetween(double, kills));
}

/** The calls of each conversation, in order. */
export function byConversation(carriedOut: readonly CarriedOut[]): ReadonlyMap<string, readonly CarriedOut[]> {
  const calls = new Map<string, CarriedOut[]>();
  for (const call of carriedOut) {
    const known = calls.get(call.conversation);
    if (known) known.push(call);
    else calls.set(call.conversation, [call]);
  }
  return calls;
}

/** Parts the doubles from the others: no two calls that follow each other in a conversation's script are the same. */
export function sortOut(calls: readonly CarriedOut[]): { once: readonly CarriedOut[]; doubles: readonly Double[] } {
  const once: CarriedOut[] = [];
  const doubles: Double[] = [];
  for (const [index, call] of calls.entries()) {
    const before = calls[index - 1];
    if (before?.what === call.what) doubles.push({ first: before, again: call });
    else once.push(call);
  }
  return { once, doubles };
}

function killBetween({ first, again }: Double, kills: readonly Kill[]): Kill | undefined {
  return kills.find(
    ({ from, to, instance }) =>
      (instance === undefined || instance === first.instance) &&
      from - NOTE_WINDOW_MS <= answerOf(first) &&
      first.at <= to &&
      to <= again.at,
  );
}

function answerOf({ at, answeredAt = at }: CarriedOut): number {
  return answeredAt;
}

function countMissing(script: readonly string[], calls: readonly CarriedOut[]): number {
  const left = new Map<string, number>();
  for (const what of script) left.set(what, (left.get(what) ?? 0) + 1);
  for (const { what } of calls) left.set(what, (left.get(what) ?? 0) - 1);
  return [...left.values()].reduce((sum, count) => sum + Math.max(0, count), 0);
}
