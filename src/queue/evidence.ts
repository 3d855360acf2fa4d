/** So many people, failing alike with no success between, show that the fault is not theirs. */
export const PEOPLE_FAILING_ALIKE = 5;

/** What was known when an attempt began. */
export interface Beginning {
  readonly conversation: string;
  readonly successes: number;
}

/** What a failure says about whose fault it is. */
export interface Finding {
  /** Several people have failed alike, and nobody has succeeded since: it is the Page's, or the whole bot's. */
  readonly isEverybodys: boolean;
  /** Others have succeeded since this conversation failed before: it is its own. */
  readonly othersSucceed: boolean;
  /** Nobody else has failed alike since the last success. */
  readonly isAlone: boolean;
}

/**
 * Whether a failure is one person's or everybody's shows in what happens to the others: this remembers it, for one Page.
 * Only what began after the last success is counted, so that many slow failures at once prove nothing while others succeed; and
 * only of people whose own fault it has not been shown to be.
 */
export interface Evidence {
  begin(conversation: string): Beginning;
  succeeded(conversation: string): void;
  /** @param cause what makes two failures the same */
  failed(beginning: Beginning, cause: string): Finding;
  /** The conversation's event is dealt with. */
  forget(conversation: string): void;
}

export function createEvidence(): Evidence {
  let successes = 0;
  /** cause → the conversations that failed so since the last success */
  const alike = new Map<string, Set<string>>();
  /** conversation → how many successes of others there had been when it last failed */
  const failing = new Map<string, number>();
  /** conversation → its own successes while its event is under way */
  const own = new Map<string, number>();

  const othersOf = (conversation: string) => successes - (own.get(conversation) ?? 0);

  return {
    begin: (conversation) => ({ conversation, successes }),
    succeeded(conversation) {
      successes += 1;
      own.set(conversation, (own.get(conversation) ?? 0) + 1);
      alike.clear();
    },
    failed({ conversation, successes: successesAtBeginning }, cause) {
      const others = othersOf(conversation);
      const othersBefore = failing.get(conversation);
      failing.set(conversation, others);
      const othersSucceed = othersBefore !== undefined && others > othersBefore;
      const people = alike.get(cause) ?? new Set();
      const isEvidence = successes === successesAtBeginning && !othersSucceed;
      if (isEvidence) alike.set(cause, people.add(conversation));
      return {
        isEverybodys: isEvidence && people.size >= PEOPLE_FAILING_ALIKE,
        othersSucceed,
        isAlone: [...people].every((one) => one === conversation),
      };
    },
    forget(conversation) {
      failing.delete(conversation);
      own.delete(conversation);
    },
  };
}
