import { z } from 'zod';
import { ask, id } from './ask';
import type { GraphApi } from './graph-api';

/*
 * How a Page is set up. All calls begin at the root (`node: ''` of createGraphApi) and are made with the Page's token. Answers that
 * are not understood are errors: who took them for empty would overwrite what is set up.
 */

/** What the Page has to tell the app, or the bot stays deaf to something it needs. */
export const NEEDED_FIELDS = ['messages', 'messaging_postbacks', 'messaging_handovers', 'standby'] as const;
/** What the bot profits from. */
export const OPTIONAL_FIELDS = ['message_echoes', 'message_reads', 'messaging_referrals'] as const;

/** Whom a token speaks for. */
export interface TokenOwner {
  readonly id: string;
  readonly name: string;
}

const ownerSchema = z.object({ id, name: z.string() });

/**
 * Asks whom the token speaks for: a Page, or a user where it is a user's token.
 *
 * @param graph the way to the root of the Graph API, with the Page's token
 * @throws {GraphError} when the call fails
 * @see https://developers.facebook.com/docs/graph-api/reference/page/
 */
export async function getTokenOwner(graph: GraphApi): Promise<TokenOwner> {
  return ask(graph, '/me', { fields: 'id,name' }, ownerSchema);
}

const instagramSchema = z.object({ instagram_business_account: z.object({ id }).optional() });

/**
 * Asks which Instagram account is connected with the Page.
 *
 * @param graph the way to the root of the Graph API, with the Page's token
 * @returns its id; undefined where none is, or where the platform does not tell
 * @throws {GraphError} when the call fails
 * @see https://developers.facebook.com/docs/graph-api/reference/page/
 */
export async function getInstagramId(graph: GraphApi): Promise<string | undefined> {
  const answer = await ask(graph, '/me', { fields: 'instagram_business_account' }, instagramSchema);
  return answer.instagram_business_account?.id;
}

const routingSchema = z.object({ messaging_feature_status: z.object({ hop_v2: z.boolean().optional() }).optional() });

/**
 * Asks whether Conversation Routing is on, with a default application; without one control cannot be taken.
 *
 * @param graph the way to the root of the Graph API, with the Page's token
 * @returns undefined where the platform does not tell
 * @throws {GraphError} when the call fails
 * @see https://developers.facebook.com/docs/messenger-platform/conversation-routing
 */
export async function isRoutingOn(graph: GraphApi): Promise<boolean | undefined> {
  const answer = await ask(graph, '/me', { fields: 'messaging_feature_status' }, routingSchema);
  return answer.messaging_feature_status?.hop_v2;
}

/** An app that a Page tells about what happens. */
export interface SubscribedApp {
  readonly id: string;
  readonly fields: readonly string[];
}

const subscribedSchema = z.object({
  data: z.array(z.object({ id, subscribed_fields: z.array(z.string()).default([]) })),
});

/**
 * Asks which apps the Page tells about what happens, and about what.
 *
 * @param graph the way to the root of the Graph API, with the Page's token
 * @throws {GraphError} when the call fails
 * @see https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps
 */
export async function getSubscribedApps(graph: GraphApi): Promise<readonly SubscribedApp[]> {
  const { data } = await ask(graph, '/me/subscribed_apps', {}, subscribedSchema);
  return data.map(({ id, subscribed_fields: fields }) => ({ id, fields }));
}

/**
 * Makes the Page tell the app of the token about these fields, and about no others.
 *
 * @param graph the way to the root of the Graph API, with the Page's token
 * @param fields all of them, those of before included
 * @throws {GraphError} when the call fails
 * @see https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps
 */
export async function subscribePage(graph: GraphApi, fields: readonly string[]): Promise<void> {
  await graph.call('/me/subscribed_apps', { subscribed_fields: fields.join(',') });
}

const profileSchema = z.object({
  data: z.array(z.object({ get_started: z.object({ payload: z.string() }).optional() })),
});

/**
 * Asks what a tap on the button Get Started sends back.
 *
 * @param graph the way to the root of the Graph API, with the Page's token
 * @returns the payload; undefined where the Page has no such button
 * @throws {GraphError} when the call fails; the platform takes 10 calls in 10 minutes
 * @see https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api
 */
export async function getGetStarted(graph: GraphApi): Promise<string | undefined> {
  const { data } = await ask(graph, '/me/messenger_profile', { fields: 'get_started' }, profileSchema);
  return data.find((part) => part.get_started)?.get_started?.payload;
}

/**
 * Gives the Page the button Get Started, which whoever writes for the first time sees.
 *
 * @param graph the way to the root of the Graph API, with the Page's token
 * @param payload what a tap sends back, at most 1,000 characters
 * @throws {GraphError} when the call fails
 * @see https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api/get-started-button
 */
export async function setGetStarted(graph: GraphApi, payload: string): Promise<void> {
  await graph.call('/me/messenger_profile', { get_started: { payload } });
}
