import type { EventWatch } from './handle-event';
import { GraphConnectionError, GraphError } from './messenger/graph-error';
import { isThisApp } from './messenger/handover-protocol';
import type { HumanHands } from './operations/human-hands';
import type { Meter, Mover } from './operations/meter';
import type { PageBook } from './process/page-book';
import type { QueueObserver } from './queue/observer';
import { conversationOf } from './webhook/event-id';
import type { WebhookEvent } from './webhook/events';

/** Is told what happens in all rooms. It must not throw. */
export interface Watch extends EventWatch, QueueObserver {
  /** An event has come in; `isAnswered`: it is for a handler. */
  readonly arrived: (event: WebhookEvent, isAnswered: boolean) => void;
  /** Events that were known already. */
  readonly known: (count: number) => void;
  /** A POST to the webhook was answered; status 0: the connection ended before. `isSigned`: it carries a signature, right or wrong. */
  readonly webhookAnswered: (status: number, isSigned: boolean) => void;
}

export const nobodyWatches: Watch = {
  arrived: () => undefined,
  known: () => undefined,
  webhookAnswered: () => undefined,
  call: () => undefined,
  handled: () => undefined,
  done: () => undefined,
  setAside: () => undefined,
  failed: () => undefined,
  paced: () => undefined,
};

/** Kinds that are counted by their name; what else an event may call itself would make counters without end. */
const countedKinds: ReadonlySet<string> = new Set([
  'message',
  'quick_reply',
  'postback',
  'echo',
  'deleted',
  'read',
  'delivery',
  'reaction',
  'message_edit',
  'referral',
  'optin',
  'pass_thread_control',
  'take_thread_control',
  'request_thread_control',
  'app_roles',
]);

/** What a person does that shows who has the conversation. */
const personKinds: ReadonlySet<string> = new Set(['message', 'quick_reply', 'postback']);

/** What is dated later than this was dated by a clock that is wrong. */
const DAY_MS = 24 * 60 * 60 * 1_000;
/** So much later than the last news may the bot's own doing be. */
const LATER_MS = 5_000;
/** At most so many codes of errors are counted by their name: who answers in Graph's place could make up ever new ones. */
const MOST_CODES = 100;

export interface WatchOptions {
  readonly meter: Meter;
  readonly hands: HumanHands;
  /** This bot's app, where it is known. */
  readonly appId: string | undefined;
  /** The Pages there are now. */
  readonly pages: () => PageBook;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Makes what counts, and follows who has which conversation. */
export function createWatch({ meter, hands, appId, pages, now }: WatchOptions): Watch {
  const count = ({ channel, kind }: WebhookEvent, outcome: string): void => {
    meter.event(channel, countedKinds.has(kind) ? kind : 'other', outcome);
  };

  /** The latest time that an event has named: the platform's clock has come so far. */
  let latest = 0;
  const codes = new Set<string>();

  const timeOf = ({ timestamp }: WebhookEvent): number => Math.min(timestamp, now() + DAY_MS);

  /** When a call was made, by the platform's clock: after all that had come in by then, and not much, whatever this machine's says. */
  const timeOfCall = (event: WebhookEvent): number => {
    const atMost = latest + LATER_MS;
    return Math.max(timeOf(event), now() < latest ? atMost : Math.min(now(), atMost));
  };

  const pageOf = ({ pageId }: WebhookEvent): string => {
    const book = pages();
    return book.nameOf(book.keyOf(pageId)) ?? 'not listed';
  };

  const codeOf = (error: unknown): string => {
    const code = describe(error);
    if (codes.size < MOST_CODES) codes.add(code);
    return codes.has(code) ? code : 'other';
  };

  const handedOver = (conversation: string, at: number, by: Mover, since = at): void => {
    if (hands.handedOver(conversation, at, since)) meter.handover('to_human', by);
  };
  const handedBack = (conversation: string, at: number, by: Mover): void => {
    if (hands.handedBack(conversation, at)) meter.handover('to_bot', by);
  };

  /** What an event shows of who has the conversation. */
  const follow = (event: WebhookEvent, conversation: string): void => {
    const { channel, kind, content } = event;
    const timestamp = timeOf(event);
    latest = Math.max(latest, timestamp);
    const newOwner = (content.pass_thread_control ?? content.take_thread_control)?.new_owner_app_id;
    if (newOwner !== undefined) {
      if (isThisApp(newOwner, appId)) handedBack(conversation, timestamp, 'human');
      else handedOver(conversation, timestamp, 'human');
    } else if (event.isEcho) {
      const writer = content.message?.app_id;
      // Where it does not say who wrote it, and nobody else has the conversation, nobody can tell.
      if (writer === undefined && channel === 'messaging') return;
      if (writer !== undefined && isThisApp(writer, appId)) handedBack(conversation, timestamp, 'unknown');
      else if (hands.humanWrote(conversation, timestamp)) meter.handover('to_human', 'human');
    } else if (personKinds.has(kind)) {
      if (channel === 'messaging') handedBack(conversation, timestamp, 'unknown');
      else if (hands.personWrote(conversation, timestamp)) meter.handover('to_human', 'unknown');
    }
  };

  return {
    arrived(event, isAnswered) {
      if (!isAnswered) count(event, 'ignored');
      if (event.psid !== undefined) follow(event, conversationOf(event, event.psid));
    },
    known: meter.known,
    webhookAnswered: meter.webhookAnswered,
    call(event, { path, ms, error }) {
      const code = codeOf(error);
      meter.graphCall(path, code, ms / 1_000);
      if (error !== undefined) {
        meter.graphError(pageOf(event), code);
        return;
      }
      const conversation = conversationOf(event, event.psid);
      const by: Mover = event.kind === 'request_thread_control' ? 'app' : 'person';
      if (path === '/take_thread_control') handedBack(conversation, timeOfCall(event), by);
      else if (path === '/pass_thread_control') handedOver(conversation, timeOfCall(event), by, timeOf(event));
    },
    handled(event, outcome) {
      count(event, outcome);
    },
    done({ receivedAt }, hasCalled) {
      if (hasCalled) meter.answered(Math.max(0, now() - receivedAt) / 1_000);
    },
    setAside({ payload }) {
      count(payload as WebhookEvent, 'set_aside');
      meter.setAside(pageOf(payload as WebhookEvent));
    },
    failed({ payload }) {
      meter.attemptFailed((payload as WebhookEvent).kind);
    },
    paced(ms) {
      if (ms >= 1) meter.paced(ms / 1_000);
    },
  };
}

/** What tells errors apart, like `10/2018300`; of those without an answer, the system's code. */
function describe(error: unknown): string {
  if (error === undefined) return 'ok';
  if (error instanceof GraphConnectionError) return error.code;
  return error instanceof GraphError ? error.sameness : 'error';
}
