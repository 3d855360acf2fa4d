import type { Handler, HandlerContext, PersonEvent } from './handlers/handler';
import { handleMessaging } from './handlers/messaging';
import { handleStandby } from './handlers/standby';
import type { Logger } from './logger';
import type { GraphApi } from './messenger/graph-api';
import { GraphError, type ErrorKind } from './messenger/graph-error';
import { resumeCalls } from './messenger/resume-calls';
import type { CallJournal, Verdict } from './queue/event-queue';
import { StoreError, type StoredEvent } from './queue/event-store';
import type { Channel } from './webhook/events';

/** Which handler decides on which channel: `messaging` while the bot is in control, `standby` while the inbox is. */
const handlers: Readonly<Record<Channel, Handler>> = {
  messaging: handleMessaging,
  standby: handleStandby,
};

/**
 * Makes what the queue calls for each event: it hands the event to the handler of its channel, lets it make only those calls
 * that an earlier attempt has not completed, and turns what comes of it into a verdict.
 *
 * @param graph the way to the Graph API
 * @param context what handlers know beside it
 * @param log where the outcome is noted
 */
export function createEventHandler(
  graph: GraphApi,
  context: Omit<HandlerContext, 'graph'>,
  log: Logger,
): (event: StoredEvent, journal: CallJournal) => Promise<Verdict> {
  return async ({ id, payload }, journal) => {
    let noted = journal.completed.length;
    const counting: CallJournal = {
      completed: journal.completed,
      note: async (call) => {
        await journal.note(call);
        noted += 1;
      },
    };
    try {
      const event = payload as PersonEvent;
      const { channel, kind } = event;
      const outcome = await handlers[channel](event, { ...context, graph: resumeCalls(graph, counting) });
      if (outcome === 'ignored') log.debug({ event: id, channel, kind }, 'event ignored');
      else log.info({ event: id, channel, kind, outcome }, 'event handled');
      return { kind: 'done', calls: noted - journal.completed.length };
    } catch (error) {
      return judge(error, id, log);
    }
  };
}

/** What happens to conversations of a healthy bot, too. */
const expectedKinds: ReadonlySet<ErrorKind> = new Set(['not_thread_owner', 'outside_window', 'person_unreachable']);

function judge(error: unknown, id: string, log: Logger): Verdict {
  if (error instanceof StoreError) return { kind: 'retry', reason: error.message };
  if (!(error instanceof GraphError)) {
    log.error({ event: id, err: error }, 'the handler failed: trying again would not help');
    return { kind: 'set_aside', reason: `The handler failed: ${String(error)}`, isExpected: false };
  }
  log.debug({ event: id, err: error }, 'a call failed');
  const reason = `${error.message}. ${error.advice}`;
  switch (error.action) {
    case 'retry':
      return { kind: 'retry', reason };
    case 'wait':
      return { kind: 'pause', reason, forMs: error.regainMs };
    case 'hold':
      return { kind: 'hold', reason };
    case 'give_up':
      return { kind: 'set_aside', reason, isExpected: expectedKinds.has(error.kind) };
  }
}
