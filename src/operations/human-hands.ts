const HOUR_MS = 3_600_000;
/** Without a message of the person, control ends after so long. */
const CONTROL_MS = 24 * HOUR_MS;
/** At most so many conversations are followed; beyond, those are let go in which nothing has happened for the longest time. */
const MOST_FOLLOWED = 200_000;
/** So many are remembered as handed back, so that news which come late do not undo it. */
const MOST_REMEMBERED = 10_000;

/** A conversation that a human has, as it is kept. Times are milliseconds since 1970. */
export interface HumanHand {
  /** Since when. */
  readonly since: number;
  /** When the person wrote, tapped or was handed over last. */
  readonly personAt: number;
  /** When a human last wrote; undefined while none has. */
  readonly humanAt: number | undefined;
}

/** Some conversations, and since when the one has been so that has been the longest. */
export interface Waiting {
  readonly count: number;
  readonly since: number | undefined;
}

export interface Unanswered {
  readonly conversation: string;
  readonly since: number;
}

export interface HumanHandsFigures {
  /** Conversations that humans have now. */
  readonly held: number;
  /** Those of them in which no human has written yet. */
  readonly unanswered: Waiting;
  /** Those of them in which the last word is the person's; the unanswered ones are among them. */
  readonly lastWordIsThePersons: Waiting;
}

export interface HumanHands {
  /** Another app, usually the inbox, has the conversation. Tells whether that is news. */
  handedOver(conversation: string, at: number): boolean;
  /** The bot has it, or nobody. Tells whether that is news. */
  handedBack(conversation: string, at: number): boolean;
  /** The person has written while another app has the conversation. Tells whether that it has is news. */
  personWrote(conversation: string, at: number): boolean;
  /** A human has written. Tells whether that one has the conversation is news. */
  humanWrote(conversation: string, at: number): boolean;
  figures(now: number): HumanHandsFigures;
  /** Conversations in which no human has written yet, those first that have waited longest. */
  longestUnanswered(now: number, most: number): readonly Unanswered[];
  /** What has changed since this was last asked: what is to be kept of each conversation, undefined where nothing is. */
  changes(): ReadonlyMap<string, HumanHand | undefined>;
  /** Goes on with what was kept. News that have come before count more. */
  restore(conversation: string, hand: HumanHand): void;
}

/**
 * Follows which conversations humans have, and whether anybody waits for one. News may come twice, late, or not at all: of two
 * about the same the later one counts, and what a person or a human does shows who has the conversation.
 */
export function createHumanHands(): HumanHands {
  /** In the order in which something last happened in them. */
  const held = new Map<string, HumanHand>();
  const returned = new Map<string, number>();
  let changed = new Map<string, HumanHand | undefined>();

  const put = (conversation: string, hand: HumanHand): void => {
    held.delete(conversation);
    held.set(conversation, hand);
    changed.set(conversation, hand);
    trim(held, MOST_FOLLOWED, letGo);
  };

  const letGo = (conversation: string): void => {
    held.delete(conversation);
    changed.set(conversation, undefined);
  };

  const returnedAt = (conversation: string): number => returned.get(conversation) ?? -Infinity;

  /** The hand, made by whatever shows that there is one. */
  const handOf = (conversation: string, at: number): HumanHand =>
    held.get(conversation) ?? { since: at, personAt: at, humanAt: undefined };

  /** Notes what shows that a human has the conversation; tells whether that is news. */
  const note = (conversation: string, hand: HumanHand): boolean => {
    const isNews = !held.has(conversation);
    put(conversation, hand);
    return isNews;
  };

  /** Looks at each conversation; forgets those whose control has ended without anybody saying so. */
  const look = (now: number, at: (hand: HumanHand, conversation: string) => void): void => {
    held.forEach((hand, conversation) => {
      if (now - hand.personAt > CONTROL_MS) letGo(conversation);
      else at(hand, conversation);
    });
  };

  return {
    handedOver(conversation, at) {
      if (held.has(conversation) || at < returnedAt(conversation)) return false;
      return note(conversation, handOf(conversation, at));
    },
    handedBack(conversation, at) {
      const hand = held.get(conversation);
      if (at <= returnedAt(conversation) || (hand && at < hand.since)) return false;
      returned.delete(conversation);
      returned.set(conversation, at);
      trim(returned, MOST_REMEMBERED, (oldest) => returned.delete(oldest));
      if (hand) letGo(conversation);
      return hand !== undefined;
    },
    personWrote(conversation, at) {
      if (at <= returnedAt(conversation)) return false;
      const hand = handOf(conversation, at);
      return note(conversation, { ...hand, personAt: Math.max(hand.personAt, at) });
    },
    humanWrote(conversation, at) {
      if (at <= returnedAt(conversation)) return false;
      const hand = handOf(conversation, at);
      return note(conversation, { ...hand, humanAt: Math.max(hand.humanAt ?? at, at) });
    },
    figures(now) {
      const [unanswered, lastWordIsThePersons] = [new Count(), new Count()];
      look(now, ({ since, personAt, humanAt }) => {
        if (humanAt === undefined) unanswered.add(since);
        if (humanAt === undefined || humanAt < personAt) lastWordIsThePersons.add(personAt);
      });
      return { held: held.size, unanswered, lastWordIsThePersons };
    },
    longestUnanswered(now, most) {
      const longest: Unanswered[] = [];
      look(now, ({ since, humanAt }, conversation) => {
        const last = longest.length < most ? Infinity : Number(longest.at(-1)?.since);
        if (humanAt !== undefined || since >= last) return;
        longest.push({ conversation, since });
        longest.sort((a, b) => a.since - b.since).splice(most);
      });
      return longest;
    },
    changes() {
      const changes = changed;
      changed = new Map();
      return changes;
    },
    restore(conversation, hand) {
      if (held.has(conversation) || returned.has(conversation)) return;
      held.set(conversation, hand);
    },
  };
}

class Count implements Waiting {
  count = 0;
  since: number | undefined;

  add(since: number): void {
    this.count += 1;
    this.since = Math.min(this.since ?? since, since);
  }
}

/** Lets the oldest entries of a map go that are too many. */
function trim(map: ReadonlyMap<string, unknown>, most: number, letGo: (oldest: string) => unknown): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    letGo(oldest);
  }
}
