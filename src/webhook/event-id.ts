import { createHash } from 'node:crypto';
import type { WebhookEvent } from './events';

/**
 * The id of an event: the same for every delivery of it. Made from the message's `mid`, or, for events without one, from
 * conversation, timestamp and content.
 *
 * @returns 24 hex digits
 */
export function eventId({ object, channel, pageId, psid, kind, timestamp, content }: WebhookEvent): string {
  const mid = content.message?.mid ?? content.postback?.mid;
  const facts = mid === undefined ? [channel, timestamp, content] : [mid];
  const text = JSON.stringify([object, pageId, psid, kind, ...facts]);
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
