import { z } from 'zod';

/*
 * The shapes of the platform's events, as far as this bot reads them.
 * https://developers.facebook.com/docs/messenger-platform/reference/webhook-events
 *
 * A webhook body comes from outside: a part that does not have its documented shape is treated as absent, so that one odd
 * field never costs the event, and one odd event never costs the rest of the batch.
 */

/**
 * The platform's ids are digits and letters; the bounds keep hostile ones out of logs and keys. A number is read as well, where it
 * is small enough to be exact: a rounded one would be another person's.
 */
const id = z.union([z.string().regex(/^[\x21-\x7e]{1,128}$/), z.number().int().nonnegative()]).transform(String);

/** App ids arrive sometimes as strings and sometimes as numbers; they are compared as strings. */
const appId = z
  .union([z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative()])
  .transform(String)
  .optional()
  .catch(undefined);

const text = z.string().optional().catch(undefined);
const truthy = z.unknown().optional().transform(Boolean);
const participant = z.object({ id }).optional().catch(undefined);

const message = z.object({
  mid: text,
  text,
  is_echo: truthy,
  /** Of an echo: the app that wrote it. */
  app_id: appId,
  /** Instagram: the person took the message back. */
  is_deleted: truthy,
  quick_reply: z.object({ payload: z.string() }).optional().catch(undefined),
});

const postback = z.object({ mid: text, title: text, payload: text });
const newOwner = z.object({ new_owner_app_id: appId });
const requestedOwner = z.object({ requested_owner_app_id: appId });

/** One event of a `messaging` or `standby` array. */
export const messagingEventSchema = z.object({
  sender: participant,
  recipient: participant,
  timestamp: z.number().int().nonnegative().optional().catch(undefined),
  message: message.optional().catch(undefined),
  postback: postback.optional().catch(undefined),
  pass_thread_control: newOwner.optional().catch(undefined),
  take_thread_control: newOwner.optional().catch(undefined),
  request_thread_control: requestedOwner.optional().catch(undefined),
});
export type MessagingEvent = z.infer<typeof messagingEventSchema>;

/** One entry of a body; either array may be missing, and one entry may carry both. */
export const entrySchema = z.object({
  id: id.optional().catch(undefined),
  time: z.number().int().nonnegative().optional().catch(undefined),
  messaging: z.array(z.unknown()).catch([]),
  standby: z.array(z.unknown()).catch([]),
});

/** The body of a `POST /webhook`. */
export const bodySchema = z.object({
  object: z.enum(['page', 'instagram']).default('page'),
  entry: z.array(z.unknown()),
});
export type WebhookBody = z.infer<typeof bodySchema>;

/** How many entries a body has, or how many events, whichever is more. Nothing else of it is looked at. */
export function countEvents(body: unknown): number {
  const entries = listIn(body, 'entry');
  const events = entries.reduce((sum: number, entry) => {
    return sum + listIn(entry, 'messaging').length + listIn(entry, 'standby').length;
  }, 0);
  return Math.max(entries.length, events);
}

function listIn(object: unknown, name: string): readonly unknown[] {
  if (typeof object !== 'object' || object === null) return [];
  const value: unknown = Reflect.get(object, name);
  return Array.isArray(value) ? value : [];
}
