import { flattenEvents, type WebhookEvent } from '../../src/webhook/events';

/** All events of a body that can be read. */
export function readEvents(...body: Parameters<typeof flattenEvents>): WebhookEvent[] {
  return [...flattenEvents(...body)].filter((event) => event !== undefined);
}
