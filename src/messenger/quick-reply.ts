import { z } from 'zod';
import type { GraphApi } from './graph-api';

/** A button above the composer; a tap on it comes back as a message with `quick_reply.payload`. */
export interface QuickReply {
  /** What the person reads, at most 20 characters; the platform cuts longer ones. */
  readonly title: string;
  /** What the bot gets back, at most 1,000 characters. */
  readonly payload: string;
  /** Address of a small picture beside the title. */
  readonly imageUrl?: string;
}

/** What the platform says of a message it has taken. */
export interface SentMessage {
  readonly messageId: string | undefined;
}

/** The limits of the Send API. @see https://developers.facebook.com/docs/messenger-platform/send-messages/quick-replies */
export const limits = { text: 2_000, quickReplies: 13, title: 20, payload: 1_000 } as const;

/** A message that the platform would refuse or cut; the message names the limit. Nothing was sent. */
export class MessageLimitError extends RangeError {
  override readonly name = 'MessageLimitError';
}

/**
 * Sends a text with one button, as in the tutorial.
 *
 * @param graph the way to the Graph API
 * @param psid the person's page-scoped id
 * @param text at most 2,000 characters
 * @param title the button's title, at most 20 characters
 * @param payload what a tap sends back, at most 1,000 characters
 * @throws {MessageLimitError} before anything is sent
 * @throws {GraphError} when the call fails
 */
export async function sendQuickReply(
  graph: GraphApi,
  psid: string,
  text: string,
  title: string,
  payload: string,
): Promise<SentMessage> {
  return sendQuickReplies(graph, psid, text, [{ title, payload }]);
}

/**
 * Sends a text with several buttons.
 *
 * @param graph the way to the Graph API
 * @param psid the person's page-scoped id
 * @param text at most 2,000 characters
 * @param buttons 1 to 13
 * @throws {MessageLimitError} before anything is sent
 * @throws {GraphError} when the call fails
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export async function sendQuickReplies(
  graph: GraphApi,
  psid: string,
  text: string,
  buttons: readonly QuickReply[],
): Promise<SentMessage> {
  checkLimits(text, buttons);
  const answer = await graph.call('/messages', {
    recipient: { id: psid },
    messaging_type: 'RESPONSE',
    message: {
      text,
      quick_replies: buttons.map(({ title, payload, imageUrl }) => ({
        content_type: 'text',
        title,
        payload,
        ...(imageUrl !== undefined && { image_url: imageUrl }),
      })),
    },
  });
  return { messageId: z.string().safeParse(answer['message_id']).data };
}

function checkLimits(text: string, buttons: readonly QuickReply[]): void {
  checkLength('The text', text, limits.text);
  if (buttons.length < 1 || buttons.length > limits.quickReplies) {
    throw new MessageLimitError(
      `A message takes 1 to ${limits.quickReplies} quick replies; this one has ${buttons.length}.`,
    );
  }
  for (const { title, payload } of buttons) {
    checkLength(`The title ${JSON.stringify(title)}`, title, limits.title);
    checkLength(`The payload of ${JSON.stringify(title)}`, payload, limits.payload);
  }
}

function checkLength(what: string, value: string, limit: number): void {
  const length = Array.from(value).length; // a character outside the basic plane counts once
  if (length < 1 || length > limit) {
    throw new MessageLimitError(`${what} must have 1 to ${limit} characters; it has ${length}.`);
  }
}
