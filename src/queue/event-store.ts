import { OperatorError } from '../process/operator-error';
import type { GateCell } from './gate-cell';
import type { Pace } from './pace';

/** An event on its way into the queue. The queue does not know what it is about. */
export interface NewEvent {
  /** The same for every delivery of the same event. At most 64 ASCII characters. */
  readonly id: string;
  /** Whose token sends the answers: pace, pause and hold are per Page. At most 128 ASCII characters. */
  readonly page: string;
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
  /** How many attempts in a row may have sent their message all the same: no answer came back. */
  readonly uncertain: number;
  /** The calls that need not be made again. */
  readonly calls: readonly CompletedCall[];
  /** Why it still waits, or why it was set aside. */
  readonly reason?: string;
  /** Since when it is set aside, milliseconds since 1970. */
  readonly endedAt?: number;
  /** When a person last put it back, milliseconds since 1970. */
  readonly retriedAt?: number;
}

/** Of an event that is done only this is kept: its id, and when it ended, milliseconds since 1970. */
export interface DoneEvent {
  readonly state: 'done';
  readonly id: string;
  readonly endedAt: number;
}

/** An event on its way from one store to another. */
export type CarriedEvent = StoredEvent | DoneEvent;

/** Whether an attempt at an event repeats one: it has failed before, or an operator has put it back. */
export function isRepeated({ attempts, retriedAt }: StoredEvent): boolean {
  return attempts > 0 || retriedAt !== undefined;
}

export interface Added {
  readonly added: number;
  /** Events that were known already: waiting, done or set aside. */
  readonly known: number;
}

/** How soon a Page's next conversation is due, in milliseconds; undefined where none waits. */
export interface DuePage {
  readonly page: string;
  /** Among conversations whose next event has not been tried yet. */
  readonly first: number | undefined;
  /** Among those whose next event is to be tried again: it has failed, or an operator has put it back. */
  readonly repeated: number | undefined;
}

/** A conversation that is this process's alone, of all who share the store, until its event is finished, postponed, set aside or released. */
export interface Lease {
  /** The conversation's next event: the one whose calls have begun, or else the one with the smallest timestamp. */
  readonly event: StoredEvent;
  /** Aborted when the lease is lost, as when the store closes: nothing may be sent for the event any more. */
  readonly signal: AbortSignal;
  /**
   * By when a call must have left so that nobody else can have the conversation before it is through: by the monotonic clock;
   * undefined when no call may leave any more. It takes how long the call lasts at most, in milliseconds.
   */
  readonly leaveBy: (callMs: number) => Promise<number | undefined>;
}

/** Why and for how long an event stays. */
export interface Postponement {
  readonly delayMs: number;
  readonly reason: string;
  /** Counts the attempt. */
  readonly failed: boolean;
  /** The attempt may have sent its message. */
  readonly mayBeSent: boolean;
}

/** How much the store holds. */
export interface StoreFigures {
  /** How many events wait, leased ones included. */
  readonly waiting: number;
  /** How many of them an operator has put back: they do not count against the bound of `add`. */
  readonly putBack: number;
  /**
   * Since when the one waits that waits longest, milliseconds since 1970; undefined where none does, and as long as what waited
   * at the start is still being read.
   */
  readonly oldestSince: number | undefined;
  readonly setAside: number;
}

/** An event that waits for another attempt. */
export interface DelayedEvent {
  readonly event: StoredEvent;
  readonly dueInMs: number;
}

/** Some of the events that did not go through at once. */
export interface TroubledEvents {
  /** Those that are to be tried again, soonest first. */
  readonly delayed: readonly DelayedEvent[];
  /** Those that were set aside, latest first. */
  readonly setAside: readonly StoredEvent[];
}

/** How long the ids of done events, and set-aside events, are kept, in milliseconds. */
export const KEEP_DONE_MS = 48 * 60 * 60 * 1_000;
export const KEEP_SET_ASIDE_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * Where events are kept. Every engine must pass the contract suite in test/contract.
 *
 * A promise of a method that changes something resolves when the change is on disk (flushed, not only written) and rejects
 * with a `StoreError` when it is not; each change happens whole or not at all. What concerns an event that is gone, or is no
 * longer in the state that the method needs, does nothing.
 */
export interface EventStore {
  /** What an operator looks at when nothing can be stored. */
  readonly advice: string;
  /** The clock by which it dates events, milliseconds since 1970. */
  now(): number;
  /** Where the gate of a Page stands, for all who share the store. */
  gateCell(page: string): GateCell;
  /**
   * What spaces a Page's messages, those of all who share the store.
   *
   * @param perSecond how many messages, at least 1
   */
  pace(page: string, perSecond: number): Pace;
  /**
   * Takes in those events that are not known yet, all or none.
   *
   * @throws {QueueFullError} when more than `mostWaiting` events would wait, those not counted that an operator has put back
   */
  add(events: readonly NewEvent[], mostWaiting: number): Promise<Added>;
  /** How much it holds; cheap, however much that is. */
  figures(): Promise<StoreFigures>;
  /** Some of the events that did not go through at once, so many of either kind at most. */
  troubled(most: number): Promise<TroubledEvents>;
  /**
   * Keeps a text about each of some conversations, in the place of an earlier one; undefined forgets it. It stands beside the
   * events, for whoever watches over them, and reaches the disk soon: a kill can take the last ones.
   */
  keepNotes(notes: ReadonlyMap<string, string | undefined>): void;
  /**
   * The texts that other processes may have kept since this was last asked for, or since the store was opened; undefined: it was
   * forgotten. What this process has kept itself, and what has been told before, may be among them.
   */
  changedNotes(): Promise<ReadonlyMap<string, string | undefined>>;
  /** All texts that are kept, each with its conversation. */
  keptNotes(): AsyncIterable<readonly [conversation: string, text: string]>;
  /**
   * Writes something that means nothing, as an event would be.
   *
   * @throws {StoreError} when an event could not be stored now
   */
  probe(): Promise<void>;
  /** The Pages that have events waiting which nobody has leased. */
  due(): Promise<readonly DuePage[]>;
  /**
   * Leases conversations that `due` has told of, longest due first.
   *
   * @param page whose
   * @param first how many at most whose next event has not been tried yet
   * @param repeated how many at most whose next event is to be tried again, as in `due`
   */
  lease(page: string, first: number, repeated: number): Promise<readonly Lease[]>;
  /** Gives a leased event back as it was: its conversation is due at once. */
  release(id: string): Promise<void>;
  /** Notes a completed call of a leased event, `index` being how many it has completed before. Noting it again changes nothing. */
  noteCall(id: string, index: number, call: CompletedCall): Promise<void>;
  /**
   * Ends a leased event; its id is remembered for 48 hours. That outlives the process at once; it may be flushed up to a tenth
   * of a second later.
   *
   * @param wantsNext whether to go on with the conversation
   * @returns the conversation's next event, leased as well; undefined when there is none or none is wanted
   */
  finish(id: string, wantsNext: boolean): Promise<StoredEvent | undefined>;
  /** Sets a leased event aside for a person to look at, for 30 days; goes on like `finish`. */
  setAside(id: string, reason: string, wantsNext: boolean): Promise<StoredEvent | undefined>;
  /** Leaves a leased event waiting and gives up the lease. After a restart it may be due earlier. */
  postpone(id: string, postponement: Postponement): Promise<void>;
  /**
   * Puts a set-aside event back to its place in its conversation, with the attempts of a new one; the conversation is due at once,
   * among those that are tried again: first attempts never wait behind what was put back. False if there is none.
   */
  retry(id: string): Promise<boolean>;
  /** Ends a waiting or set-aside event without handling it; its conversation is due at once. False if there is none. */
  drop(id: string): Promise<boolean>;
  /**
   * A waiting or set-aside event.
   *
   * @throws {StoreFormatError} when it cannot be read
   */
  get(id: string): Promise<StoredEvent | undefined>;
  /**
   * All events that wait or are set aside now, one at a time, in the order in which they came.
   *
   * @throws {StoreFormatError} at the end, when some cannot be read: which, and what to do
   */
  list(): AsyncIterable<StoredEvent>;
  /**
   * Forgets what has been kept long enough: done and set-aside events in equal parts, so that neither keeps the other waiting.
   *
   * @param now milliseconds since 1970
   * @param most how many at once, at least 2
   * @returns how many
   */
  clean(now: number, most: number): Promise<number>;
  close(): Promise<void>;
}

/** A store whose events can be moved to another one, as test/contract/carrying.ts has it. */
export interface MovableStore extends EventStore {
  /**
   * Everything that is known, to be carried to another store: what is done, and then what waits or is set aside, in the order in
   * which it came. Nobody works on the store meanwhile.
   *
   * @throws {StoreFormatError} at the end, when some cannot be read: which, and what to do
   */
  exportAll(): AsyncIterable<CarriedEvent>;
  /**
   * Takes in what another store has given, as it was there, all or none; what is known already is passed over. Nobody works on the
   * store meanwhile: whoever does so next opens it anew.
   *
   * @returns how many were not known
   */
  importAll(events: readonly CarriedEvent[]): Promise<number>;
  /**
   * From now on no bot starts on this store: what was in it is handled elsewhere.
   *
   * @param to where, in words for whoever tries to start one
   * @throws {OperatorError} when it has been moved elsewhere before
   */
  markMoved(to: string): Promise<void>;
}

/** What an operator looks at when nothing can be stored in DATA_DIR. */
export const CHECK_DISK = 'Check the disk of DATA_DIR: free space, rights, the mount.';

/** The store could not keep something. The events may be delivered again. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  /** @param advice what an operator looks at */
  constructor(
    message: string,
    readonly advice: string = CHECK_DISK,
  ) {
    super(message);
  }
}

/** Too many events wait; the sender should deliver again later. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
  readonly advice = 'Look what they wait for: /state on OPERATIONS_PORT, or npm run queue -- list.';
}

/** What is stored cannot be read by this program. */
export class StoreFormatError extends OperatorError {
  override readonly name = 'StoreFormatError';
}
