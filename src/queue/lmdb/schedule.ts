import { Heap } from 'heap-js';
import type { DuePage } from '../event-store';
import { insert, isInLine, nextOf, takeOut, type Line, type Waiting } from './line';

/** A conversation with events waiting. */
export interface Conversation extends Line {
  readonly page: string;
  readonly name: string;
  /** In monotonic milliseconds. */
  dueAt: number;
  isLeased: boolean;
  /** Its place among those that are due at the same time. */
  order: number;
}

/** At most so many events that have just come in are kept at hand. */
const MOST_AT_HAND = 1_000;

interface Lanes {
  readonly first: Heap<Conversation>;
  readonly repeated: Heap<Conversation>;
}

/**
 * Whose turn it is, in memory: every conversation with a waiting event, in two lanes a Page, so that first attempts never
 * wait behind repeated ones. Two heaps a Page: nothing is scanned to find the next one.
 */
export class Schedule {
  readonly #conversations = new Map<string, Conversation>();
  readonly #pages = new Map<string, Lanes>();
  /**
   * The sequences of all waiting events, in two rows that are by age each: what comes in, and what is entered later though it is
   * older (left by an earlier process, or put back).
   */
  readonly #rows = [new Set<number>(), new Set<number>()] as const;
  #newest = 0;
  #putBack = 0;
  #atHand = 0;
  #order = 0;

  /** How many events wait, leased ones included. */
  get waiting(): number {
    const [row, older] = this.#rows;
    return row.size + older.size;
  }

  /** Those of the waiting events of which one has waited longest: two at most. */
  get oldest(): number[] {
    return this.#rows.flatMap((row) => firstOf(row));
  }

  /** How many of them an operator has put back. */
  get putBack(): number {
    return this.#putBack;
  }

  /** Puts an event to its place; a conversation that is new is due at once. */
  add(page: string, name: string, waiting: Waiting, now: number): void {
    const isNewest = waiting.sequence > this.#newest;
    if (isNewest) this.#newest = waiting.sequence;
    this.#rows[isNewest ? 0 : 1].add(waiting.sequence);
    if (waiting.putBack) this.#putBack += 1;
    if (waiting.event && ++this.#atHand > MOST_AT_HAND) this.letGo(waiting);
    const known = this.#conversations.get(name);
    if (known) {
      insert(known, waiting);
      return;
    }
    const nobody = { first: undefined, last: undefined, begun: 0 };
    const conversation: Conversation = { page, name, ...nobody, dueAt: now, isLeased: false, order: 0 };
    insert(conversation, waiting);
    this.#conversations.set(name, conversation);
    this.#enqueue(conversation);
  }

  /** Forgets the event itself: it is read again when its turn comes. */
  letGo(waiting: Waiting): void {
    if (waiting.event) this.#atHand -= 1;
    waiting.event = undefined;
  }

  /** Takes an event out, wherever it stands. */
  remove(name: string, sequence: number): void {
    const conversation = this.#conversations.get(name);
    const removed = conversation && takeOut(conversation, sequence);
    if (!removed) return;
    this.letGo(removed);
    for (const row of this.#rows) row.delete(sequence);
    if (removed.putBack) this.#putBack -= 1;
    if (!conversation.isLeased && !conversation.first) this.#conversations.delete(name);
  }

  /** Whatever a conversation waits for, it is due at once. */
  hurry(name: string, now: number): void {
    const conversation = this.#conversations.get(name);
    if (!conversation || conversation.isLeased || conversation.dueAt <= now) return;
    const hurried = { ...conversation, dueAt: now };
    conversation.first = undefined; // passed over where it still stands: nothing is searched for
    this.#conversations.set(name, hurried);
    this.#enqueue(hurried);
  }

  has(name: string, sequence: number): boolean {
    const conversation = this.#conversations.get(name);
    return conversation !== undefined && isInLine(conversation, sequence);
  }

  /** How soon each Page's next conversation is due, in milliseconds. */
  due(now: number): DuePage[] {
    const soon = (lane: Heap<Conversation>) => {
      const next = topOf(lane);
      return next && Math.max(0, next.dueAt - now);
    };
    const pages = [...this.#pages].map(([page, { first, repeated }]) => {
      return { page, first: soon(first), repeated: soon(repeated) };
    });
    for (const { page, first, repeated } of pages)
      if (first === undefined && repeated === undefined) this.#pages.delete(page);
    return pages.filter(({ page }) => this.#pages.has(page));
  }

  /** The next events of conversations that wait for another attempt, soonest first, and when they are due. */
  delayed(most: number): { readonly sequence: number; readonly dueAt: number }[] {
    const all = [...this.#pages.values()].flatMap(({ repeated }) => repeated.top(most));
    const next = all.sort(soonest).flatMap((conversation) => {
      const waiting = nextOf(conversation);
      return waiting ? [{ sequence: waiting.sequence, dueAt: conversation.dueAt }] : []; // it has lost its last event
    });
    return next.slice(0, most);
  }

  /** Takes the next conversation that is due; it is leased from now on. */
  take(page: string, lane: keyof Lanes, now: number): Conversation | undefined {
    const heap = this.#pages.get(page)?.[lane];
    const next = heap && topOf(heap);
    if (!next || next.dueAt > now) return undefined;
    heap.pop();
    next.isLeased = true;
    return next;
  }

  /** Gives up a lease. */
  giveBack(conversation: Conversation, dueAt: number): void {
    conversation.isLeased = false;
    conversation.dueAt = dueAt;
    if (conversation.first) this.#enqueue(conversation);
    else this.#conversations.delete(conversation.name);
  }

  #enqueue(conversation: Conversation): void {
    const lanes = this.#pages.get(conversation.page) ?? { first: new Heap(soonest), repeated: new Heap(soonest) };
    this.#pages.set(conversation.page, lanes);
    conversation.order = this.#order += 1;
    lanes[nextOf(conversation)?.repeated ? 'repeated' : 'first'].push(conversation);
  }
}

/** The conversation at the top; those that have lost their last event meanwhile are passed over. */
function topOf(lane: Heap<Conversation>): Conversation | undefined {
  for (let top = lane.peek(); top; top = lane.peek()) {
    if (top.first) return top;
    lane.pop();
  }
  return undefined;
}

function soonest(a: Conversation, b: Conversation): number {
  return a.dueAt - b.dueAt || a.order - b.order;
}

function firstOf(row: ReadonlySet<number>): number[] {
  for (const sequence of row) return [sequence];
  return [];
}
