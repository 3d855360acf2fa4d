import type { CompletedCall, StoredEvent } from './event-store';

/**
 * What has come of an attempt at an event.
 * - `done`: handled
 * - `retry`: it failed, and may succeed later without anybody doing anything
 * - `refused`: the platform, or the handler, refused it; `scope` says what is known of whose fault that is: `event`, of this one
 *   for certain; `probably_event`; `unknown`, when it can be everybody's as well
 * - `pause`: the Page sends too much: all its events wait, for the given time or with backoff
 * - `hold`: every call of the Page will fail until a person has acted
 * - `held_back`: a call was not let out (see `Attempt.permit`); nothing has failed
 */
export type Verdict =
  | { readonly kind: 'done' | 'held_back' }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'pause'; readonly reason: string; readonly forMs: number | undefined }
  | {
      readonly kind: 'retry';
      readonly reason: string;
      /** What makes two failures the same; undefined when it says nothing about the Page. */
      readonly cause: string | undefined;
      /** The message may have been sent. */
      readonly mayBeSent: boolean;
    }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      /** What makes two failures the same; undefined when it says nothing about the Page. */
      readonly cause: string | undefined;
      readonly scope: 'event' | 'probably_event' | 'unknown';
      /** Whether that happens in a healthy bot, too. */
      readonly isExpected: boolean;
      /** The log has it already: of many events, once. */
      readonly isSaid?: boolean;
    };

/** What a handler has beside its event while it works on it. */
export interface Attempt {
  /** The calls that earlier attempts have completed. */
  readonly completed: readonly CompletedCall[];
  /** Notes a completed call, so that it is not made again. The note is on disk before the next call is let out. */
  note(call: CompletedCall): Promise<void>;
  /**
   * Waits until a call may leave.
   *
   * @param isMessage messages are paced
   * @returns by when it must have left, by the monotonic clock: after that it may be somebody else's
   * @throws {HeldBackError} when it may not: the Page's gate has closed, or the bot is stopping
   */
  permit(isMessage: boolean): Promise<number>;
}

/** Handles one event. Must not reject. */
export type HandleEvent = (event: StoredEvent, attempt: Attempt) => Promise<Verdict>;

/** A call was not made: the Page's calls are held back, or the bot is stopping. */
export class HeldBackError extends Error {
  override readonly name = 'HeldBackError';
}
