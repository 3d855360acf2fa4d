import type { GraphApi, GraphObject } from './graph-api';

/** A call that is through, and what was answered. */
export interface CompletedCall {
  readonly path: string;
  readonly answer: GraphObject;
}

/** The calls of one event that earlier attempts have completed, and where further ones are noted. */
export interface CallJournal {
  readonly completed: readonly CompletedCall[];
  /** Resolves when the next call may be asked for; it is let out when the note is on disk. */
  note(call: CompletedCall): Promise<void>;
}

/** The handler makes other calls than at its last attempt; which of them are through cannot be told. */
export class ChangedCallsError extends Error {
  override readonly name = 'ChangedCallsError';
}

/**
 * Skips the calls that an earlier attempt at the same event has completed, and notes further ones, so that a crash or a failed
 * second call never repeats the first message. It counts: a handler must make the same calls in the same order each time.
 *
 * @param graph the way to the Graph API that is wrapped
 * @param journal the calls of this event
 */
export function resumeCalls(graph: GraphApi, journal: CallJournal): GraphApi {
  let made = 0;
  const resume = async (path: string, request: () => Promise<GraphObject>): Promise<GraphObject> => {
    const before = journal.completed[made];
    made += 1;
    if (before && before.path !== path) {
      throw new ChangedCallsError(
        `Call ${made} of this event was ${before.path} and would now be ${path}: the bot's rules have changed.`,
      );
    }
    if (before) return before.answer;
    const answer = await request();
    await journal.note({ path, answer });
    return answer;
  };
  return {
    call: (path, payload) => resume(path, () => graph.call(path, payload)),
    get: (path, query) => resume(path, () => graph.get(path, query)),
  };
}
