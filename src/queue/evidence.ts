/** So many people, failing alike with no success between, show that the fault is not theirs. */
export const PEOPLE_FAILING_ALIKE = 5;

/** What a failure says about whose fault it is. */
export interface Finding {
  /** Several people have failed alike, and nobody has succeeded since: it is the Page's, or the whole bot's. */
  readonly isEverybodys: boolean;
  /** Others have succeeded since this event last failed in this way: it is its own. */
  readonly othersSucceed: boolean;
  /** Nobody else has failed alike since the last success. */
  readonly isAlone: boolean;
  /** How often this event has failed in this way since the bot was started, this time included. */
  readonly times: number;
}

/** What is told of one attempt. */
export interface Witness {
  /** A call of it has succeeded. */
  succeeded(): void;
  /**
   * It has failed.
   *
   * @param way in which way
   * @param cause what makes two failures the same
   */
  failed(way: 'retry' | 'refused', cause: string): Finding;
}

/**
 * Whether a failure is one person's or everybody's shows in what happens to the others: this remembers it, for one Page.
 * Only what began after the last success is counted, so that many slow failures at once prove nothing while others succeed; and
 * only of people whose own fault it has not been shown to be.
 */
export interface Evidence {
  /** An attempt at an event begins. */
  begin(conversation: string, event: string): Witness;
  /** The conversation's event is dealt with. */
  forget(conversation: string): void;
}

/** Far more than can wait for another attempt at once. */
const MOST_REMEMBERED = 100_000;

/** What is remembered of an event while it is not dealt with. */
interface Memory {
  readonly event: string;
  /** Its own successes. */
  own: number;
  /** For each way of failing: how often it has, and how many successes of others there had been when it last did. */
  readonly failures: Map<string, { readonly times: number; readonly others: number }>;
}

export function createEvidence(): Evidence {
  let successes = 0;
  /** cause → the conversations that failed so since the last success */
  const alike = new Map<string, Set<string>>();
  /** conversation → its event that is under way */
  const memories = new Map<string, Memory>();

  const remember = (conversation: string, event: string): Memory => {
    const known = memories.get(conversation);
    if (known?.event === event) return known;
    if (memories.size >= MOST_REMEMBERED) memories.clear(); // other instances may have dealt with them
    const memory = { event, own: 0, failures: new Map() }; // an operator may have dropped the one before
    memories.set(conversation, memory);
    return memory;
  };

  return {
    begin(conversation, event) {
      const memory = remember(conversation, event);
      const successesBefore = successes;
      return {
        succeeded() {
          successes += 1;
          memory.own += 1;
          alike.clear();
        },
        failed(way, cause) {
          const before = memory.failures.get(way);
          const others = successes - memory.own;
          const times = (before?.times ?? 0) + 1;
          memory.failures.set(way, { times, others });
          const othersSucceed = before !== undefined && others > before.others;
          const people = alike.get(cause) ?? new Set();
          const isEvidence = successes === successesBefore && !othersSucceed;
          if (isEvidence) alike.set(cause, people.add(conversation));
          return {
            isEverybodys: isEvidence && people.size >= PEOPLE_FAILING_ALIKE,
            othersSucceed,
            isAlone: [...people].every((one) => one === conversation),
            times,
          };
        },
      };
    },
    forget(conversation) {
      memories.delete(conversation);
    },
  };
}
