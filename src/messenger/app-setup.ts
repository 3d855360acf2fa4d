import { z } from 'zod';
import { textsOf, type Secrets } from '../process/secret-keeper';
import { ask, id, seconds } from './ask';
import { createGraphApi, type GraphAddress, type GraphApi } from './graph-api';

/*
 * How an app is set up. These calls are made with an app token, which knows the App Secret.
 */

/**
 * The way to the root of the Graph API as the app itself. Its token stands in the address of what only asks, and in the body of
 * what changes something.
 *
 * @param address where Graph answers
 * @param appId the app's number
 * @param secrets the App Secret must be among them; what these calls are about is secret, too
 * @see https://developers.facebook.com/docs/facebook-login/guides/access-tokens#apptokens
 */
export function createAppApi(address: GraphAddress, appId: string, secrets: Secrets): GraphApi {
  const { appSecrets } = secrets;
  const pageAccessToken = [appId, ...appSecrets.slice(0, 1)].join('|');
  const hidden = textsOf(secrets);
  return createGraphApi({ ...address, node: '', tokenInBody: true, pageAccessToken, appSecrets, hidden });
}

/** What the platform knows of a token. */
export interface TokenFacts {
  /** The app it was made for. */
  readonly appId: string | undefined;
  /** `PAGE`, `USER`, … */
  readonly type: string | undefined;
  readonly isValid: boolean;
  /** When it ends, seconds since 1970; 0: never; undefined: that is not told. */
  readonly expiresAt: number | undefined;
  /** When the app may no longer see what people have shared with it, seconds since 1970; undefined: never. */
  readonly dataAccessExpiresAt: number | undefined;
  /** What it may do; undefined: that is not told. */
  readonly scopes: readonly string[] | undefined;
  /** For which Pages, by scope; a scope that is missing here is for all of them. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** Why it is not valid, in the platform's words. */
  readonly error: string | undefined;
}

const tokenSchema = z.object({
  data: z.object({
    app_id: id.optional(),
    type: z.string().optional(),
    is_valid: z.boolean(),
    expires_at: seconds.optional(),
    data_access_expires_at: seconds.optional(),
    scopes: z.array(z.string()).optional(),
    granular_scopes: z.array(z.object({ scope: z.string(), target_ids: z.array(id).optional() })).default([]),
    error: z.object({ message: z.string() }).optional().catch(undefined),
  }),
});

/**
 * Looks into a token.
 *
 * @param app the way to the Graph API as the app that the token was made for
 * @param token the token
 * @throws {GraphError} when the call fails, or its answer is not understood
 * @see https://developers.facebook.com/docs/graph-api/reference/debug_token
 */
export async function lookIntoToken(app: GraphApi, token: string): Promise<TokenFacts> {
  const { data: facts } = await ask(app, '/debug_token', { input_token: token }, tokenSchema);
  return {
    appId: facts.app_id,
    type: facts.type,
    isValid: facts.is_valid,
    expiresAt: facts.expires_at,
    dataAccessExpiresAt: facts.data_access_expires_at === 0 ? undefined : facts.data_access_expires_at,
    scopes: facts.scopes,
    targets: Object.fromEntries(
      facts.granular_scopes.flatMap(({ scope, target_ids: ids }) => (ids ? [[scope, ids] as const] : [])),
    ),
    error: facts.error?.message.replaceAll(token, '[redacted]'),
  };
}

/** Where the app is told about what happens on Pages, and about what. */
export interface AppSubscription {
  readonly callbackUrl: string;
  readonly isActive: boolean;
  readonly fields: readonly string[];
}

const subscriptionsSchema = z.object({
  data: z.array(
    z.object({
      object: z.string(),
      callback_url: z.string(),
      active: z.boolean(),
      /** Names alone in older versions. */
      fields: z.array(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])),
    }),
  ),
});

/**
 * Asks where the app is told about what happens on Pages.
 *
 * @param app the way to the Graph API as the app
 * @param appId the app's number
 * @returns undefined when it is not told
 * @throws {GraphError} when the call fails
 * @see https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
 */
export async function getAppSubscription(app: GraphApi, appId: string): Promise<AppSubscription | undefined> {
  const { data } = await ask(app, `/${appId}/subscriptions`, {}, subscriptionsSchema);
  const found = data.find(({ object }) => object === 'page');
  return found && { callbackUrl: found.callback_url, isActive: found.active, fields: found.fields };
}

/**
 * Has the app told about what happens on Pages; the platform asks the address for its verification before it answers.
 *
 * @param app the way to the Graph API as the app
 * @param appId the app's number
 * @param wish address, verify token, and all fields: they take the place of those of before
 * @throws {GraphError} when the call fails, or the verification does
 * @see https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
 */
export async function subscribeApp(
  app: GraphApi,
  appId: string,
  wish: { readonly callbackUrl: string; readonly verifyToken: string; readonly fields: readonly string[] },
): Promise<void> {
  await app.call(`/${appId}/subscriptions`, {
    object: 'page',
    callback_url: wish.callbackUrl,
    verify_token: wish.verifyToken,
    fields: wish.fields.join(','),
  });
}
