/** An event on its way into the queue. The queue does not know what it is about. */
export interface NewEvent {
  /** The same for every delivery of the same event. At most 64 ASCII characters. */
  readonly id: string;
  /** Events of one conversation are handled one at a time, in order. At most 400 ASCII characters. */
  readonly conversation: string;
  /** When it happened, milliseconds since 1970; the order within its conversation. */
  readonly timestamp: number;
  /** What is handed to whoever handles it; must survive JSON. */
  readonly payload: unknown;
}

/** A call that an event has completed, and what was answered. */
export interface CompletedCall {
  readonly path: string;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** An event that is kept: waiting for its turn, or set aside because it can never succeed. */
export interface StoredEvent extends NewEvent {
  readonly state: 'waiting' | 'set_aside';
  /** When it was taken in, milliseconds since 1970. */
  readonly receivedAt: number;
  /** How often handling it has failed. */
  readonly attempts: number;
  /** The calls that need not be made again. */
  readonly calls: readonly CompletedCall[];
  /** Why it still waits, or why it was set aside. */
  readonly reason?: string;
  /** When it was set aside, milliseconds since 1970. */
  readonly endedAt?: number;
  /** When a person last put it back, milliseconds since 1970. */
  readonly retriedAt?: number;
}

export interface Added {
  readonly added: number;
  /** Events that were known already: waiting, done or set aside. */
  readonly known: number;
}

/** How long the ids of done events, and set-aside events, are kept, in milliseconds. */
export const KEEP_DONE_MS = 48 * 60 * 60 * 1_000;
export const KEEP_SET_ASIDE_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * Where events are kept. Every engine must pass the contract suite in test/contract.
 *
 * A promise of a method that changes something resolves when the change is on disk (flushed, not only written) and rejects
 * when it is not; each method is one transaction.
 */
export interface EventStore {
  /** Takes in those events that are not known yet, all or none. */
  add(events: readonly NewEvent[], now: number): Promise<Added>;
  /** How many events wait. */
  countWaiting(): number;
  /** Conversations that have an event to handle now, longest due first. */
  dueConversations(now: number, limit: number, except: ReadonlySet<string>): string[];
  /** When the next conversation is due; undefined when nothing waits. */
  nextDueAt(except: ReadonlySet<string>): number | undefined;
  /** The conversation's next event: the one whose calls have begun, or else the one with the smallest timestamp. */
  head(conversation: string): StoredEvent | undefined;
  /** Notes a completed call of an event. */
  noteCall(id: string, call: CompletedCall): Promise<void>;
  /** Leaves the event waiting; its conversation is due again at `dueAt`. `failed` counts the attempt. */
  postpone(id: string, dueAt: number, reason: string, failed: boolean): Promise<void>;
  /** Ends the event; its id is remembered for 48 hours. */
  finish(id: string, now: number): Promise<void>;
  /** Sets the event aside for a person to look at, for 30 days. */
  setAside(id: string, reason: string, now: number): Promise<void>;
  /** Puts a set-aside event back to its place in its conversation, with the attempts of a new one. False if there is none. */
  retry(id: string, now: number): Promise<boolean>;
  /** Ends a waiting or set-aside event without handling it. False if there is none. */
  drop(id: string, now: number): Promise<boolean>;
  /** A waiting or set-aside event. */
  get(id: string): StoredEvent | undefined;
  /** All waiting and set-aside events, one at a time. */
  list(): Iterable<StoredEvent>;
  /** Forgets what has been kept long enough, and returns how much; at most 1,000 at once. */
  clean(now: number): Promise<number>;
  close(): Promise<void>;
}

/** The store could not keep something. The events may be delivered again. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** What is stored cannot be used by this program; the message says why and what to do. */
export class StoreFormatError extends Error {
  override readonly name = 'StoreFormatError';
}
