import { entrySchema, messagingEventSchema, type MessagingEvent, type WebhookBody } from './payload';

/** `messaging`: the bot owns the conversation. `standby`: another app, usually the Page Inbox, does. */
export type Channel = 'messaging' | 'standby';

/** One event, taken out of its body, with everything a handler needs to decide. */
export interface WebhookEvent {
  readonly object: WebhookBody['object'];
  readonly channel: Channel;
  /**
   * What the event is about: its own field, like `message` or `read`; of messages, `quick_reply` (a tap), `echo` (the Page's
   * own) and `deleted` (taken back) are kinds of their own. `unknown` when its name cannot be told.
   */
  readonly kind: string;
  /** When it happened, milliseconds since 1970; the true order of a conversation's events. */
  readonly timestamp: number;
  /** What tells it from others of its kind where it has no `mid`; undefined when nothing does. */
  readonly moment: string | undefined;
  /** The Page or Instagram account. */
  readonly pageId: string | undefined;
  /** The person's page-scoped id; undefined where the event does not name one (`app_roles`, the checkbox plugin). */
  readonly psid: string | undefined;
  /** The Page wrote this itself, as the bot or as an agent. An answer would be answered, for ever. */
  readonly isEcho: boolean;
  readonly content: EventContent;
}

/** The event without what every event has: that stands beside it. */
export type EventContent = Omit<MessagingEvent, 'sender' | 'recipient' | 'timestamp'>;

/**
 * Takes a body apart into single events, in the order they stand there: all entries, both channels. One at a time, so that a large
 * body need not be taken apart in one go.
 *
 * @param body a checked body
 * @param now used, in milliseconds since 1970, where neither the event nor its entry says when it happened
 * @returns for each event, or what should be one: the event, or undefined where it cannot be read
 */
export function* flattenEvents(body: WebhookBody, now: number): Generator<WebhookEvent | undefined> {
  for (const rawEntry of body.entry) {
    const entry = entrySchema.safeParse(rawEntry);
    if (!entry.success) {
      yield undefined;
      continue;
    }
    const { id, time, messaging, standby } = entry.data;
    const shared = { object: body.object, pageId: id, time, now };
    for (const [place, raw] of messaging.entries()) yield readEvent(raw, { ...shared, place, channel: 'messaging' });
    for (const [place, raw] of standby.entries()) yield readEvent(raw, { ...shared, place, channel: 'standby' });
  }
}

interface Surroundings {
  readonly object: WebhookBody['object'];
  readonly channel: Channel;
  readonly pageId: string | undefined;
  readonly time: number | undefined;
  readonly now: number;
  readonly place: number;
}

function readEvent(raw: unknown, surroundings: Surroundings): WebhookEvent | undefined {
  const { object, channel, pageId, time, now, place } = surroundings;
  const event = messagingEventSchema.safeParse(raw);
  if (!event.success) return undefined;
  const { sender, recipient, timestamp, ...content } = event.data;
  const isEcho = content.message?.is_echo === true || (pageId !== undefined && sender?.id === pageId);
  const [page, person] = isEcho ? [sender, recipient] : [recipient, sender];
  return {
    object,
    channel,
    kind: isEcho ? 'echo' : kindOf(raw, content),
    timestamp: inMilliseconds(timestamp ?? time ?? now),
    moment: momentOf(timestamp, time, place),
    pageId: pageId ?? page?.id,
    psid: person?.id,
    isEcho,
    content,
  };
}

/** When it happened, or else its place in a batch of a known time; never the time of arrival, which differs each time. */
function momentOf(timestamp: number | undefined, time: number | undefined, place: number): string | undefined {
  if (timestamp !== undefined) return String(inMilliseconds(timestamp));
  return time === undefined ? undefined : `${time}/${place}`;
}

/** In seconds, this is the year 5138; in milliseconds, 1973, when there was no platform. */
const FIRST_MILLISECONDS = 100_000_000_000;

function inMilliseconds(time: number): number {
  return time < FIRST_MILLISECONDS ? time * 1_000 : time;
}

const commonFields = new Set(['sender', 'recipient', 'timestamp']);
/** The kinds that this bot reads; they win over whatever else an event may carry. */
const readKinds = [
  'message',
  'postback',
  'pass_thread_control',
  'take_thread_control',
  'request_thread_control',
] as const;

/** The event's own field; only a name of the platform's style is repeated, since it ends up in a log line. */
function kindOf(raw: unknown, content: EventContent): string {
  if (content.message?.is_deleted) return 'deleted';
  if (content.message?.quick_reply) return 'quick_reply';
  const known = readKinds.find((name) => content[name] !== undefined);
  const names = Object.keys(raw as object).filter((name) => !commonFields.has(name));
  return known ?? names.find((name) => /^[a-z_]{1,40}$/.test(name)) ?? 'unknown';
}
