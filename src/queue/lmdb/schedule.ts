import { Heap } from 'heap-js';
import type { DuePage, StoredEvent } from '../event-store';

/** A waiting event, as far as its turn is concerned. */
export interface Waiting {
  readonly sequence: number;
  readonly timestamp: number;
  /** It has failed before. */
  repeated: boolean;
  /** Some of its calls are through: it goes on before any other. */
  begun: boolean;
  /** The event itself, where it has just come in; otherwise it is read again. */
  event?: StoredEvent | undefined;
}

/** A conversation with events waiting. */
export interface Conversation {
  readonly page: string;
  readonly name: string;
  /** By timestamp, equal ones as they came. */
  readonly events: Waiting[];
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
 * wait behind repeated ones. Taking the next one costs the same however many wait or are under way.
 */
export class Schedule {
  readonly #conversations = new Map<string, Conversation>();
  readonly #pages = new Map<string, Lanes>();
  #waiting = 0;
  #atHand = 0;
  #order = 0;

  /** How many events wait, leased ones included. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Puts an event to its place; a conversation that is new is due at once. */
  add(page: string, name: string, waiting: Waiting, now: number): void {
    const known = this.#conversations.get(name);
    const conversation = known ?? { page, name, events: [], dueAt: now, isLeased: false, order: 0 };
    const { events } = conversation;
    let place = events.length;
    for (let before = events[place - 1]; before && isBefore(waiting, before); before = events[place - 1]) place -= 1;
    events.splice(place, 0, waiting);
    this.#waiting += 1;
    if (waiting.event && ++this.#atHand > MOST_AT_HAND) this.letGo(waiting);
    if (known) return;
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
    if (!conversation) return;
    const { events, isLeased } = conversation;
    const index = events.findIndex((waiting) => waiting.sequence === sequence);
    for (const removed of index < 0 ? [] : events.splice(index, 1)) {
      this.letGo(removed);
      this.#waiting -= 1;
    }
    if (!isLeased) this.#forgetIfEmpty(conversation);
  }

  has(name: string, sequence: number): boolean {
    return this.#conversations.get(name)?.events.some((waiting) => waiting.sequence === sequence) ?? false;
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
    if (conversation.events.length > 0) this.#enqueue(conversation);
    else this.#forgetIfEmpty(conversation);
  }

  #forgetIfEmpty({ name, events }: Conversation): void {
    if (events.length === 0) this.#conversations.delete(name);
  }

  #enqueue(conversation: Conversation): void {
    const lanes = this.#pages.get(conversation.page) ?? { first: new Heap(soonest), repeated: new Heap(soonest) };
    this.#pages.set(conversation.page, lanes);
    conversation.order = this.#order += 1;
    lanes[nextOf(conversation)?.repeated ? 'repeated' : 'first'].push(conversation);
  }
}

/** The event whose calls have begun, or else the first one. */
export function nextOf({ events }: Conversation): Waiting | undefined {
  return events.find(({ begun }) => begun) ?? events[0];
}

/** The conversation at the top; those that have lost their last event meanwhile are passed over. */
function topOf(lane: Heap<Conversation>): Conversation | undefined {
  for (let top = lane.peek(); top; top = lane.peek()) {
    if (top.events.length > 0) return top;
    lane.pop();
  }
  return undefined;
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.sequence < b.sequence);
}

function soonest(a: Conversation, b: Conversation): number {
  return a.dueAt - b.dueAt || a.order - b.order;
}
