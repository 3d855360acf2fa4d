import { Heap } from 'heap-js';

const HOUR_MS = 3_600_000;
/** Without a message of the person, control ends after so long. */
const CONTROL_MS = 24 * HOUR_MS;
/** How long it is remembered after that: the clock of this machine may be wrong. */
const FORGET_MS = 7 * 24 * HOUR_MS;
/** At most so many conversations are followed; beyond, those are let go in which nothing has happened for the longest time. */
const MOST_FOLLOWED = 200_000;
/** So many are remembered as handed back, so that news which come late do not undo it. */
const MOST_REMEMBERED = 10_000;

/** A conversation that a human has, as it is kept. Times are milliseconds since 1970, by the platform's clock. */
export interface HumanHand {
  /** When it was handed over: what comes later than this can be news. */
  readonly at: number;
  /** Since when the person waits: a call that hands over can be made long after the tap. */
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
  /**
   * Another app, usually the inbox, has the conversation. Tells whether that is news.
   *
   * @param since since when the person waits
   */
  handedOver(conversation: string, at: number, since?: number): boolean;
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

  const letGo = (conversation: string): void => {
    held.delete(conversation);
    changed.set(conversation, undefined);
  };

  const returnedAt = (conversation: string): number => returned.get(conversation) ?? -Infinity;

  /** The hand, made by whatever shows that there is one. */
  const handOf = (conversation: string, at: number): HumanHand =>
    held.get(conversation) ?? { at, since: at, personAt: at, humanAt: undefined };

  /** Notes what shows that a human has the conversation; tells whether that is news. */
  const note = (conversation: string, hand: HumanHand): boolean => {
    const isNews = !held.delete(conversation);
    held.set(conversation, hand);
    changed.set(conversation, hand);
    trim(held, MOST_FOLLOWED, letGo);
    return isNews;
  };

  /** Looks at each conversation, but for those whose control has ended without anybody saying so. */
  const look = (now: number, each: (hand: HumanHand, conversation: string) => void): void => {
    held.forEach((hand, conversation) => {
      if (now - hand.personAt <= CONTROL_MS) each(hand, conversation);
      else if (now - hand.personAt > FORGET_MS) letGo(conversation);
    });
  };

  return {
    handedOver(conversation, at, since = at) {
      if (held.has(conversation) || at < returnedAt(conversation)) return false;
      return note(conversation, { at, since, personAt: since, humanAt: undefined });
    },
    handedBack(conversation, at) {
      const hand = held.get(conversation);
      if (at <= returnedAt(conversation) || (hand && at < hand.at)) return false;
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
      let count = 0;
      const [unanswered, lastWordIsThePersons] = [new Count(), new Count()];
      look(now, ({ since, personAt, humanAt }) => {
        count += 1;
        if (humanAt === undefined) unanswered.add(since);
        if (humanAt === undefined || humanAt < personAt) lastWordIsThePersons.add(personAt);
      });
      return { held: count, unanswered, lastWordIsThePersons };
    },
    longestUnanswered(now, most) {
      const longest = new Heap<Unanswered>((a, b) => b.since - a.since);
      look(now, ({ since, humanAt }, conversation) => {
        if (humanAt !== undefined) return;
        longest.push({ conversation, since });
        if (longest.length > most) longest.pop(); // the latest of them
      });
      return longest.toArray().sort((a, b) => a.since - b.since);
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
  if (map.size <= most) return; // to look for the first one of a map that has lost many costs
  for (const oldest of map.keys()) {
    letGo(oldest);
    return;
  }
}
