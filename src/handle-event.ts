import type { Handler, HandlerContext, PersonEvent } from './handlers/handler';
import { handleMessaging, messagingKinds } from './handlers/messaging';
import { handleStandby, standbyKinds } from './handlers/standby';
import type { GraphApi } from './messenger/graph-api';
import { GraphError, type ErrorKind } from './messenger/graph-error';
import { permitCalls } from './messenger/permit-calls';
import { ChangedCallsError, resumeCalls } from './messenger/resume-calls';
import type { Logger } from './process/logger';
import { StoreError } from './queue/event-store';
import { HeldBackError, type HandleEvent, type Verdict } from './queue/verdict';
import type { Channel, WebhookEvent } from './webhook/events';

/** Which handler decides on which channel: `messaging` while the bot is in control, `standby` while the inbox is. */
const handlers: Readonly<Record<Channel, Handler>> = {
  messaging: handleMessaging,
  standby: handleStandby,
};

const answeredKinds: Readonly<Record<Channel, ReadonlySet<string>>> = {
  messaging: messagingKinds,
  standby: standbyKinds,
};

/** Whether an event is of a known person, and of a kind that the handler of its channel answers. */
export function isAnswered(event: WebhookEvent): event is PersonEvent {
  return event.psid !== undefined && answeredKinds[event.channel].has(event.kind);
}

/**
 * Makes what the queue calls for each event: it hands the event to the handler of its channel, lets it make only those calls
 * that an earlier attempt has not completed, each when it is permitted, and turns what comes of it into a verdict.
 *
 * @param graph the way to the Graph API
 * @param context what handlers know beside it
 * @param log where the outcome is noted
 */
export function createEventHandler(graph: GraphApi, context: Omit<HandlerContext, 'graph'>, log: Logger): HandleEvent {
  return async ({ id, payload }, attempt) => {
    const event = payload as PersonEvent;
    try {
      const { channel, kind } = event;
      const safely = resumeCalls(
        permitCalls(graph, (isMessage) => attempt.permit(isMessage)),
        attempt,
      );
      const outcome = await handlers[channel](event, { ...context, graph: safely });
      if (outcome === 'ignored') log.debug({ event: id, channel, kind }, 'event ignored');
      else log.info({ event: id, channel, kind, outcome }, 'event handled');
      return { kind: 'done' };
    } catch (error) {
      return judge(error, id, event.pageId, log);
    }
  };
}

/** What happens to conversations of a healthy bot, too. */
const expectedKinds: ReadonlySet<ErrorKind> = new Set(['not_thread_owner', 'outside_window', 'person_unreachable']);

function judge(error: unknown, id: string, pageId: string | undefined, log: Logger): Verdict {
  if (error instanceof HeldBackError) return { kind: 'held_back' };
  if (error instanceof StoreError) return { kind: 'retry', reason: error.message, cause: undefined, mayBeSent: false };
  if (!(error instanceof GraphError)) {
    log.error({ event: id, err: error }, 'the handler failed');
    const [cause, reason] = [`handler: ${nameOf(error)}`, `The handler failed: ${String(error)}`];
    const scope = error instanceof ChangedCallsError ? 'event' : 'probably_event';
    return { kind: 'refused', reason, cause, scope, isExpected: false };
  }
  log.debug({ event: id, err: error }, 'a call failed');
  const { action, kind, sameness: cause, mayBeDone } = error;
  const reason = `${error.message.replace(/\.+$/, '')}. ${error.advice}`;
  const isExpected = expectedKinds.has(kind);
  switch (action) {
    case 'retry':
      return { kind: 'retry', reason, cause, mayBeSent: mayBeDone };
    case 'wait':
      return { kind: 'pause', reason, forMs: error.regainMs(pageId) };
    case 'hold':
      return { kind: 'hold', reason };
    case 'give_up':
      return { kind: 'refused', reason, cause, scope: 'event', isExpected };
    case 'doubt':
      return {
        kind: 'refused',
        reason,
        cause,
        scope: kind === 'bad_request' ? 'probably_event' : 'unknown',
        isExpected,
      };
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
