import type { CompletedCall, StoredEvent } from './event-store';
import { HeldBackError, type Attempt } from './verdict';

export interface JournalOptions {
  /** Any of them, once aborted, lets no further call out. */
  readonly signals: readonly AbortSignal[];
  /** Waits for a message's turn. */
  readonly turn: () => Promise<void>;
  /** Whether the Page's gate lets a call out. */
  readonly lets: () => Promise<boolean>;
  /** By when a call must have left; undefined when none may. */
  readonly leaveBy: () => Promise<number | undefined>;
  /** Called for each completed call. */
  readonly succeeded: () => void;
  /** Stores the note of a completed call. */
  readonly save: (index: number, call: CompletedCall) => Promise<void>;
}

export interface Journal extends Attempt {
  /** How many calls this attempt has completed. */
  successes(): number;
  /** Stores what is remembered only; resolves when nothing is left. */
  saved(): Promise<void>;
  /** The event is through: what is remembered only need not be stored. Resolves when nothing is being stored any more. */
  forget(): Promise<void>;
}

/**
 * The calls of one attempt. The note of a completed one is remembered at first, and stored before the next call is let out, or as
 * soon as the handler does anything slow: where nothing follows, ending the event says it all in one change of the store.
 */
export function createJournal({ calls }: StoredEvent, options: JournalOptions): Journal {
  let successes = 0;
  let unsaved: (() => Promise<void>) | undefined;
  let saving = Promise.resolve();

  const saved = (): Promise<void> => {
    const note = unsaved;
    unsaved = undefined;
    if (note) saving = saving.then(note);
    return saving;
  };

  return {
    completed: calls,
    note(call) {
      const index = calls.length + successes;
      successes += 1;
      options.succeeded();
      unsaved = () => options.save(index, call);
      // Where the handler is through by then, `forget` has come first; a failure comes out of the next `saved`.
      setImmediate(() => {
        saved().catch(() => undefined);
      });
      return Promise.resolve();
    },
    async permit(isMessage) {
      await saved();
      if (isMessage) await options.turn();
      const isLet = await options.lets();
      const leaveBy = await options.leaveBy(); // last of all: the time that it names is short
      if (!isLet || leaveBy === undefined || options.signals.some(({ aborted }) => aborted)) {
        throw new HeldBackError('The call was not made: the calls of this Page are held back, or the bot is stopping.');
      }
      return leaveBy;
    },
    successes: () => successes,
    saved,
    forget() {
      unsaved = undefined;
      return saving.catch(() => undefined); // ending the event says it, too
    },
  };
}
