import { z } from 'zod';
import { ask, id, seconds } from './ask';
import type { GraphApi } from './graph-api';

/*
 * Who owns a conversation. Meta now calls this Conversation Routing; the endpoints kept their names.
 * https://developers.facebook.com/docs/messenger-platform/conversation-routing
 *
 * An app that writes into a conversation it does not own is refused. So: send before passing control, and take control
 * before sending.
 */

/** The inbox in which the people behind a Page answer. It is an app like any other. */
export const PAGE_INBOX_APP_ID = '263902037430900';
/** The same for an Instagram account. */
export const INSTAGRAM_INBOX_APP_ID = '1217981644879628';

/**
 * Whether an app is this bot's.
 *
 * @param candidate the app's id, as an event names it
 * @param appId this bot's own; where it is not known, every app but the inboxes is taken for this one
 */
export function isThisApp(candidate: string, appId: string | undefined): boolean {
  if (appId !== undefined) return candidate === appId;
  return candidate !== PAGE_INBOX_APP_ID && candidate !== INSTAGRAM_INBOX_APP_ID;
}

/** Control can be extended by at most 7 days. */
const LONGEST_EXTENSION_SECONDS = 7 * 24 * 60 * 60;

export interface HandoverOptions {
  /** Handed to the other app with the event that tells it about the change. */
  readonly metadata?: string;
}

/** The app that owns a conversation. */
export interface ThreadOwner {
  readonly appId: string;
  /** When the conversation becomes idle, seconds since 1970, where the platform says so. */
  readonly expiration: number | undefined;
}

/**
 * Gives the conversation to another app. Send the last message before.
 *
 * @param graph the way to the Graph API
 * @param userPsid the person's page-scoped id
 * @param targetAppId the app that gets control, such as `PAGE_INBOX_APP_ID`
 * @throws {GraphError} when the call fails
 */
export async function passThreadControl(
  graph: GraphApi,
  userPsid: string,
  targetAppId: string,
  { metadata }: HandoverOptions = {},
): Promise<void> {
  await graph.call('/pass_thread_control', body(userPsid, { target_app_id: targetAppId, metadata }));
}

/**
 * Takes the conversation from whichever app owns it. Only the Page's default application may; await it before sending.
 *
 * @param graph the way to the Graph API
 * @param userPsid the person's page-scoped id
 * @throws {GraphError} when the call fails; without a default application the platform always refuses
 */
export async function takeThreadControl(
  graph: GraphApi,
  userPsid: string,
  { metadata }: HandoverOptions = {},
): Promise<void> {
  await graph.call('/take_thread_control', body(userPsid, { metadata }));
}

/**
 * Gives the conversation back: it becomes idle, and the default application answers next.
 *
 * @param graph the way to the Graph API
 * @param userPsid the person's page-scoped id
 * @throws {GraphError} when the call fails
 */
export async function releaseThreadControl(
  graph: GraphApi,
  userPsid: string,
  { metadata }: HandoverOptions = {},
): Promise<void> {
  await graph.call('/release_thread_control', body(userPsid, { metadata }));
}

/**
 * Asks the app that owns the conversation to pass it to this one; that app gets a `request_thread_control` event.
 *
 * @param graph the way to the Graph API
 * @param userPsid the person's page-scoped id
 * @throws {GraphError} when the call fails
 */
export async function requestThreadControl(
  graph: GraphApi,
  userPsid: string,
  { metadata }: HandoverOptions = {},
): Promise<void> {
  await graph.call('/request_thread_control', body(userPsid, { metadata }));
}

/**
 * Keeps control of the conversation for longer than the usual 24 hours.
 *
 * @param graph the way to the Graph API
 * @param userPsid the person's page-scoped id
 * @param durationSeconds whole seconds from now, 1 to 604,800 (7 days)
 * @throws {RangeError} for another duration, before anything is sent
 * @throws {GraphError} when the call fails
 */
export async function extendThreadControl(graph: GraphApi, userPsid: string, durationSeconds: number): Promise<void> {
  if (!Number.isInteger(durationSeconds) || durationSeconds < 1 || durationSeconds > LONGEST_EXTENSION_SECONDS) {
    throw new RangeError(
      `Control is extended by 1 to ${LONGEST_EXTENSION_SECONDS} whole seconds (7 days), not ${durationSeconds}.`,
    );
  }
  await graph.call('/extend_thread_control', body(userPsid, { duration: durationSeconds }));
}

const threadOwnerSchema = z.object({
  data: z.array(z.object({ thread_owner: z.object({ app_id: id, expiration: seconds.optional() }) })),
});

/**
 * Asks which app owns the conversation.
 *
 * @param graph the way to the Graph API
 * @param userPsid the person's page-scoped id
 * @returns the owner; undefined when the conversation is idle
 * @throws {GraphError} when the call fails, or its answer is not understood
 */
export async function getThreadOwner(graph: GraphApi, userPsid: string): Promise<ThreadOwner | undefined> {
  const { data } = await ask(graph, '/thread_owner', { recipient: userPsid }, threadOwnerSchema);
  const owner = data[0]?.thread_owner;
  return owner && { appId: owner.app_id, expiration: owner.expiration };
}

/** JSON leaves out what is undefined, so that optional fields need no further care. */
function body(userPsid: string, fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { recipient: { id: userPsid }, ...fields };
}
