import { createHash, randomBytes } from 'node:crypto';
import type { WebhookEvent } from './events';

/**
 * The id of an event: the same for every delivery of it, on the same channel. Made from the message's `mid`, or, for events
 * without one, from the moment it happened and the fields that are read. One that has neither cannot be known again: it gets
 * an id of its own, since to handle it twice is better than never.
 *
 * @returns 24 hex digits
 */
export function eventId({ object, channel, pageId, psid, kind, moment, content }: WebhookEvent): string {
  const mid = content.message?.mid ?? content.postback?.mid;
  if (mid === undefined && moment === undefined) return randomBytes(12).toString('hex');
  const facts = mid === undefined ? [moment, content] : [mid];
  const text = JSON.stringify([object, pageId, psid, channel, kind, ...facts]);
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

/**
 * The name of an event's conversation: its object, its Page and the person.
 *
 * @param psid the person's page-scoped id
 */
export function conversationOf({ object, pageId = '' }: WebhookEvent, psid: string): string {
  return `${object}/${pageId}/${psid}`;
}
