import { createHmac, randomBytes, randomInt } from 'node:crypto';
import { isLoopback } from '../../process/loopback';
import { showAddress } from '../address';
import { visit, type Outcome } from './visit';

/** What the public address has answered to the requests that tell how it is. */
export interface WebhookVisits {
  readonly url: URL;
  /** What the right verification has to be answered with. */
  readonly challenge: string;
  readonly verification: Outcome;
  readonly wrongToken: Outcome;
  readonly unsigned: Outcome;
  /** Undefined where there is no app secret to sign with. */
  readonly signed: Outcome | undefined;
}

/** An address that nothing is sent to. */
export class UnsafeAddressError extends Error {}

export interface WebhookVisitsOptions {
  readonly address: string;
  readonly verifyToken: string;
  /** The current one. */
  readonly appSecret: string | undefined;
  readonly timeoutMs: number;
  readonly trusted: string | undefined;
}

/** Nothing is in it, so that even a bot that takes it does nothing. */
const EMPTY_POST = '{"object":"page","entry":[]}';

/**
 * Knocks at the public address as the platform does, and as somebody else would: all at once.
 *
 * @throws {UnsafeAddressError} when the verify token would cross the network in plain sight
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#verification-requests
 */
export async function visitWebhook(options: WebhookVisitsOptions): Promise<WebhookVisits> {
  const { address, verifyToken, appSecret, ...rest } = options;
  const url = readAddress(address);
  const challenge = String(randomInt(1_000_000_000, 10_000_000_000));
  const ask = (token: string): Promise<Outcome> => {
    const asked = new URL(url);
    asked.searchParams.set('hub.mode', 'subscribe');
    asked.searchParams.set('hub.verify_token', token);
    asked.searchParams.set('hub.challenge', challenge);
    return visit({ url: asked, method: 'GET', ...rest });
  };
  const [verification, wrongToken, unsigned, signed] = await Promise.all([
    ask(verifyToken),
    ask(randomBytes(16).toString('hex')),
    visit({ url, method: 'POST', body: EMPTY_POST, ...rest }),
    appSecret === undefined
      ? undefined
      : visit({ url, method: 'POST', body: EMPTY_POST, extra: signatureOf(EMPTY_POST, appSecret), ...rest }),
  ]);
  return { url, challenge, verification, wrongToken, unsigned, signed };
}

/** @see https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads */
function signatureOf(body: string, appSecret: string): Readonly<Record<string, string>> {
  return { 'X-Hub-Signature-256': `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}` };
}

/**
 * Reads the address of a webhook.
 *
 * @throws {UnsafeAddressError} when it is none that the platform would take
 */
export function readAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  if (!url || !isSafe || url.username !== '' || url.password !== '') {
    throw new UnsafeAddressError(
      `${JSON.stringify(showAddress(address))} is no address like https://bot.example.com/webhook, without user and password`,
    );
  }
  return url;
}
