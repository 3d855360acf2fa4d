import type { Platform } from './platform';
import { FIELDS, type Settings } from './settings';

/** The environment a bot needs to talk to the simulator instead of Facebook. */
export function botEnvironment(
  { pageAccessToken, verifyToken, appSecret, appId }: Settings,
  url: string,
): Record<string, string> {
  return {
    PAGE_ACCESS_TOKEN: pageAccessToken,
    VERIFY_TOKEN: verifyToken,
    APP_SECRET: appSecret,
    APP_ID: appId,
    GRAPH_API_URL: url,
  };
}

/**
 * Does what a person does in the App Dashboard: subscribes the app and the Page to the bot's webhook, with the real verification.
 *
 * @throws {Error} when the bot does not answer the verification as it must
 */
export async function subscribeBot(url: string, { settings, webhooks }: Platform, callbackUrl: string): Promise<void> {
  const answer = await fetch(`${url}/${settings.appId}/subscriptions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      object: 'page',
      callback_url: callbackUrl,
      verify_token: settings.verifyToken,
      fields: FIELDS,
      access_token: `${settings.appId}|${settings.appSecret}`,
    }),
  });
  if (!answer.ok) throw new Error(`The bot could not be subscribed: ${await answer.text()}`);
  for (const field of FIELDS) webhooks.subscription.pageFields.add(field);
}
