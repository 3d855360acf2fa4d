import { entrySchema, messagingEventSchema, type MessagingEvent, type WebhookBody } from './payload';

/** `messaging`: the bot owns the conversation. `standby`: another app, usually the Page Inbox, does. */
export type Channel = 'messaging' | 'standby';

/** One event, taken out of its body, with everything a handler needs to decide. */
export interface WebhookEvent {
  readonly object: WebhookBody['object'];
  readonly channel: Channel;
  /** What the event is about, like `message` or `read`; `unknown` when its name cannot be told. */
  readonly kind: string;
  /** When it happened, milliseconds since 1970; the true order of a conversation's events. */
  readonly timestamp: number;
  /** The Page or Instagram account. */
  readonly pageId: string | undefined;
  /** The person's page-scoped id; undefined where the event does not name one (`app_roles`, the checkbox plugin). */
  readonly psid: string | undefined;
  /** The Page wrote this itself, as the bot or as an agent. An answer would be answered, for ever. */
  readonly isEcho: boolean;
  readonly content: MessagingEvent;
}

/**
 * Takes a body apart into single events, in the order they stand there: all entries, both channels.
 *
 * @param body a checked body
 * @param now used, in milliseconds since 1970, where neither the event nor its entry says when it happened
 */
export function flattenEvents(body: WebhookBody, now: number): WebhookEvent[] {
  return body.entry.flatMap((rawEntry) => {
    const entry = entrySchema.safeParse(rawEntry);
    if (!entry.success) return [];
    const { id, time, messaging, standby } = entry.data;
    const shared = { object: body.object, pageId: id, time: time ?? now };
    return [
      ...messaging.flatMap((raw) => readEvent(raw, { ...shared, channel: 'messaging' })),
      ...standby.flatMap((raw) => readEvent(raw, { ...shared, channel: 'standby' })),
    ];
  });
}

interface Surroundings {
  readonly object: WebhookBody['object'];
  readonly channel: Channel;
  readonly pageId: string | undefined;
  readonly time: number;
}

function readEvent(raw: unknown, { object, channel, pageId, time }: Surroundings): WebhookEvent[] {
  const event = messagingEventSchema.safeParse(raw);
  if (!event.success) return [];
  const content = event.data;
  const isEcho = content.message?.is_echo === true || (pageId !== undefined && content.sender?.id === pageId);
  const [page, person] = isEcho ? [content.sender, content.recipient] : [content.recipient, content.sender];
  return [
    {
      object,
      channel,
      kind: kindOf(raw),
      timestamp: content.timestamp ?? time,
      pageId: pageId ?? page?.id,
      psid: person?.id,
      isEcho,
      content,
    },
  ];
}

const commonFields = new Set(['sender', 'recipient', 'timestamp']);

/** The event's own field; only a name of the platform's style is repeated, since it ends up in a log line. */
function kindOf(raw: unknown): string {
  const names = Object.keys(raw as object).filter((name) => !commonFields.has(name));
  return names.find((name) => /^[a-z_]{1,40}$/.test(name)) ?? 'unknown';
}
