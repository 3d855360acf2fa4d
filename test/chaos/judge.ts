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
}

/** How long before a kill an answered call may still be without its note: the answer's way, and a flush under load. */
const NOTE_WINDOW_MS = 100;

/**
 * Compares what was carried out with what had to be. No two calls that follow each other in a conversation's script are the
 * same, so the same one twice in a row is a double.
 *
 * @param expected the calls of each conversation, in order
 * @param carriedOut all calls, in the order in which they were carried out
 * @param kills when the server was killed
 */
export function judge(
  expected: ReadonlyMap<string, readonly string[]>,
  carriedOut: readonly CarriedOut[],
  kills: readonly Kill[],
): Findings {
  const doubled = { doubledByKill: 0, longestUnnotedMs: 0, doubledBySilence: 0, doubledOtherwise: 0 };
  const findings = { expected: 0, lost: 0, outOfOrder: 0, ...doubled };
  for (const [conversation, script] of expected) {
    const calls = carriedOut.filter((call) => call.conversation === conversation);
    const once = calls.filter((call, index) => {
      const before = calls[index - 1];
      if (before?.what !== call.what) return true;
      const answeredAt = before.answeredAt ?? before.at;
      const kill = kills.find(
        ({ from, to }) => from - NOTE_WINDOW_MS <= answeredAt && before.at <= to && to <= call.at,
      );
      findings[before.isSilent ? 'doubledBySilence' : kill ? 'doubledByKill' : 'doubledOtherwise'] += 1;
      if (kill && !before.isSilent)
        findings.longestUnnotedMs = Math.max(findings.longestUnnotedMs, kill.from - answeredAt);
      return false;
    });
    findings.expected += script.length;
    findings.lost += countMissing(script, once);
    findings.outOfOrder += once.filter(({ what }, index) => index < script.length && what !== script[index]).length;
  }
  return findings;
}

function countMissing(script: readonly string[], calls: readonly CarriedOut[]): number {
  const left = new Map<string, number>();
  for (const what of script) left.set(what, (left.get(what) ?? 0) + 1);
  for (const { what } of calls) left.set(what, (left.get(what) ?? 0) - 1);
  return [...left.values()].reduce((sum, count) => sum + Math.max(0, count), 0);
}
