import type { Handler, HandlerContext, Outcome, PersonEvent } from './handlers/handler';
import { handleMessaging, messagingKinds } from './handlers/messaging';
import { handleStandby, standbyKinds } from './handlers/standby';
import type { GraphApi } from './messenger/graph-api';
import { GraphError, type ErrorKind } from './messenger/graph-error';
import { UnlistedPageError } from './messenger/page-graphs';
import { permitCalls } from './messenger/permit-calls';
import { ChangedCallsError, resumeCalls } from './messenger/resume-calls';
import { watchCalls, type MadeCall } from './messenger/watch-calls';
import type { Logger } from './process/logger';
import type { PageBook } from './process/page-book';
import { hidePerson, type PersonName } from './process/person-name';
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

/** Is told what is done for events. It must not throw. */
export interface EventWatch {
  readonly call: (event: PersonEvent, call: MadeCall) => void;
  readonly handled: (event: PersonEvent, outcome: Outcome) => void;
}

export interface EventHandlerOptions extends Pick<HandlerContext, 'appId'> {
  /** The way out for a Page, or Instagram account; throws `UnlistedPageError` where no token is known for it. */
  readonly graphOf: (account: string | undefined) => GraphApi;
  /** The Pages there are now. */
  readonly pages: () => PageBook;
  /** Where calls and outcomes are noted: never with a text, and with the person's name for logs. */
  readonly log: Logger;
  readonly nameOf: PersonName;
  readonly watch: EventWatch;
}

/**
 * Makes what the queue calls for each event: it hands the event to the handler of its channel, lets it make only those calls
 * that an earlier attempt has not completed, each when it is permitted, and turns what comes of it into a verdict.
 */
export function createEventHandler(options: EventHandlerOptions): HandleEvent {
  const { graphOf, pages, appId, log, nameOf, watch } = options;
  const warnOfUnlisted = createUnlistedWarning(pages, log);
  return async ({ id, payload }, attempt) => {
    const event = payload as PersonEvent;
    const { channel, kind, psid, pageId } = event;
    const person = nameOf(psid);
    const about = { event: id, person, ...pages().about(pageId) };
    try {
      const watched = watchCalls(graphOf(pageId), (call) => {
        const { path, ms, error } = call;
        if (error === undefined) log.debug({ ...about, path, ms: Math.round(ms) }, 'graph call');
        watch.call(event, call);
      });
      const permitted = permitCalls(watched, (isMessage) => attempt.permit(isMessage));
      const outcome = await handlers[channel](event, { appId, graph: resumeCalls(permitted, attempt) });
      if (outcome === 'ignored') log.debug({ ...about, channel, kind }, 'event ignored');
      else log.info({ ...about, channel, kind, outcome }, 'event handled');
      watch.handled(event, outcome);
      return { kind: 'done' };
    } catch (error) {
      if (error instanceof UnlistedPageError) {
        warnOfUnlisted(error.page);
        return unlisted(error.page);
      }
      const hide = (text: string) => hidePerson(text, psid, person); // the platform's messages may name the person
      const say = (level: 'debug' | 'error', msg: string) => {
        log[level]({ ...about, err: hiding(error, hide) }, msg);
      };
      return judge(error, accountsOf(pages(), pageId), hide, say);
    }
  };
}

/** The platform names limits by the Page or by its Instagram account. */
function accountsOf(pages: PageBook, account: string | undefined): readonly string[] {
  const page = pages.of(account);
  return [account, page?.key, page?.instagramId].filter((one) => one !== undefined);
}

/** More Pages than the list can have: who can forge events could name ever new ones. */
const MOST_WARNED_OF = 10_000;

/** Makes what says once that a Page is not listed, and once more when the list has changed. */
function createUnlistedWarning(pages: () => PageBook, log: Logger): (page: string) => void {
  let warnedOf = { list: pages(), pages: new Set<string>() };
  return (page) => {
    if (warnedOf.list !== pages()) warnedOf = { list: pages(), pages: new Set() };
    if (warnedOf.pages.has(page) || warnedOf.pages.size >= MOST_WARNED_OF) return;
    warnedOf.pages.add(page);
    log.warn(
      { page },
      'a Page is not in PAGES_FILE: its events are set aside until it is; then npm run queue -- retry --all',
    );
  };
}

/** It says nothing about the calls of any Page. */
function unlisted(page: string): Verdict {
  const reason = `No token for Page ${page}: add it to PAGES_FILE, reload the bot, then npm run queue -- retry ID.`;
  return { kind: 'refused', reason, cause: undefined, scope: 'event', isExpected: true, isSaid: true };
}

function hiding(error: unknown, hide: (text: string) => string): unknown {
  if (!(error instanceof Error)) return hide(String(error));
  const value = (text: unknown) => ({ value: hide(String(text)) });
  return Object.create(error, { message: value(error.message), stack: value(error.stack) });
}

/** What happens to conversations of a healthy bot, too. */
const expectedKinds: ReadonlySet<ErrorKind> = new Set(['not_thread_owner', 'outside_window', 'person_unreachable']);

function judge(
  error: unknown,
  accounts: readonly string[],
  hide: (text: string) => string,
  say: (level: 'debug' | 'error', msg: string) => void,
): Verdict {
  if (error instanceof HeldBackError) return { kind: 'held_back' };
  if (error instanceof StoreError) return { kind: 'retry', reason: error.message, cause: undefined, mayBeSent: false };
  if (!(error instanceof GraphError)) {
    say('error', 'the handler failed');
    const [cause, reason] = [`handler: ${kindOf(error)}`, hide(`The handler failed: ${String(error)}`)];
    const scope = error instanceof ChangedCallsError ? 'event' : 'probably_event';
    return { kind: 'refused', reason, cause, scope, isExpected: false };
  }
  say('debug', 'a call failed');
  const { action, kind, sameness: cause, mayBeDone } = error;
  const reason = hide(`${error.message.replace(/\.+$/, '')}. ${error.advice}`);
  const isExpected = expectedKinds.has(kind);
  switch (action) {
    case 'retry':
      return { kind: 'retry', reason, cause, mayBeSent: mayBeDone };
    case 'wait':
      return { kind: 'pause', reason, forMs: error.regainMs(accounts) };
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

function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
