import { Heap } from 'heap-js';
import {
  isSame,
  join,
  noTraces,
  tracesOfHandover,
  tracesOfHuman,
  tracesOfPerson,
  tracesOfReturn,
  type Traces,
} from './traces';

const HOUR_MS = 3_600_000;
/** Without a message of the person, control ends after so long. */
const CONTROL_MS = 24 * HOUR_MS;
/** How long it is remembered after that: the clock of this machine may be wrong. */
const FORGET_MS = 7 * 24 * HOUR_MS;
/** At most so many conversations are followed; beyond, those are let go in which nothing has happened for the longest time. */
const MOST_FOLLOWED = 200_000;
/** So many are remembered as handed back, so that news which come late do not undo it. */
const MOST_REMEMBERED = 10_000;

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
  changes(): ReadonlyMap<string, Traces | undefined>;
  /** Goes on with what was kept, by this bot or by another one. */
  learn(conversation: string, traces: Traces): void;
  /** What was kept of a conversation has been forgotten by another bot. */
  learnForgotten(conversation: string, now: number): void;
}

/**
 * Follows which conversations humans have, and whether anybody waits for one. News may come twice, late, or not at all, and to
 * several bots: of two about the same the later one counts, and what a person or a human does shows who has the conversation.
 */
export function createHumanHands(): HumanHands {
  /** In the order in which something last happened in them. */
  const held = new Map<string, Traces>();
  const returned = new Map<string, Traces>();
  /** Those that came back after others were told that a human has them: that they are back is kept for these. */
  const keptReturns = new Set<string>();
  let changed = new Map<string, Traces | undefined>();

  const tracesOf = (conversation: string): Traces => held.get(conversation) ?? returned.get(conversation) ?? noTraces;

  const letGo = (conversation: string): void => {
    held.delete(conversation);
    changed.set(conversation, undefined);
  };

  const letReturnGo = (conversation: string): void => {
    returned.delete(conversation);
    if (keptReturns.delete(conversation)) changed.set(conversation, undefined);
  };

  const put = (conversation: string, traces: Traces): void => {
    held.delete(conversation);
    returned.delete(conversation);
    if (isHand(traces)) {
      held.set(conversation, traces);
      keptReturns.delete(conversation);
      trim(held, MOST_FOLLOWED, letGo);
    } else {
      returned.set(conversation, traces);
      trim(returned, MOST_REMEMBERED, letReturnGo);
    }
  };

  const keep = (conversation: string, traces: Traces): void => {
    changed.set(conversation, traces);
    if (!isHand(traces)) keptReturns.add(conversation);
  };

  /** Takes in what has happened; tells whether the conversation changes hands by it. */
  const note = (conversation: string, news: Traces): boolean => {
    const before = tracesOf(conversation);
    const after = join(before, news);
    if (isSame(before, after)) return false;
    put(conversation, after);
    if (isHand(before) || isHand(after)) keep(conversation, after);
    return isHand(before) !== isHand(after);
  };

  /** Looks at each conversation, but for those whose control has ended without anybody saying so. */
  const look = (now: number, each: (hand: Hand, conversation: string) => void): void => {
    held.forEach((traces, conversation) => {
      const hand = handOf(traces);
      if (now - hand.personAt <= CONTROL_MS) each(hand, conversation);
      else if (now - hand.personAt > FORGET_MS) letGo(conversation);
    });
  };

  return {
    handedOver: (conversation, at, since = at) => note(conversation, tracesOfHandover(at, since)),
    handedBack: (conversation, at) => note(conversation, tracesOfReturn(at)),
    personWrote: (conversation, at) => note(conversation, tracesOfPerson(at)),
    humanWrote: (conversation, at) => note(conversation, tracesOfHuman(at)),
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
    learn(conversation, traces) {
      const kept = join(noTraces, traces);
      const after = join(tracesOf(conversation), kept);
      put(conversation, after);
      if ((isHand(kept) || isHand(after)) && !isSame(kept, after)) keep(conversation, after);
      else if (!isHand(after)) keptReturns.add(conversation);
    },
    learnForgotten(conversation, now) {
      keptReturns.delete(conversation);
      const traces = held.get(conversation);
      if (!traces) return;
      // Something may have happened here while the other one forgot it.
      if (now - handOf(traces).personAt <= FORGET_MS && held.size < MOST_FOLLOWED) keep(conversation, traces);
      else held.delete(conversation);
    },
  };
}

/** A conversation that a human has. */
interface Hand {
  /** Since when the person waits. */
  readonly since: number;
  readonly personAt: number;
  readonly humanAt: number | undefined;
}

function isHand({ signs }: Traces): boolean {
  return signs.length > 0;
}

function handOf({ signs, personAt, humanAt }: Traces): Hand {
  const since = Math.min(...signs.map(([, time]) => time));
  return { since, personAt: personAt ?? since, humanAt };
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
