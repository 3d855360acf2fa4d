import { randomBytes, randomInt } from 'node:crypto';
import { isLoopback } from '../../process/loopback';
import { showAddress } from '../address';
import { visit, type Outcome } from './visit';

/** What the public address has answered to the three requests that tell how it is. */
export interface WebhookVisits {
  readonly url: URL;
  /** What the right verification has to be answered with. */
  readonly challenge: string;
  readonly verification: Outcome;
  readonly wrongToken: Outcome;
  readonly unsigned: Outcome;
}

/** An address that nothing is sent to. */
export class UnsafeAddressError extends Error {}

export interface WebhookVisitsOptions {
  readonly address: string;
  readonly verifyToken: string;
  readonly timeoutMs: number;
  readonly trusted: string | undefined;
}

/** Nothing is in it, so that even a bot that takes it does nothing. */
const EMPTY_POST = '{"object":"page","entry":[]}';

/**
 * Knocks at the public address as the platform does, and as somebody else would: all three requests at once.
 *
 * @throws {UnsafeAddressError} when the verify token would cross the network in plain sight
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#verification-requests
 */
export async function visitWebhook({ address, verifyToken, ...rest }: WebhookVisitsOptions): Promise<WebhookVisits> {
  const url = readAddress(address);
  const challenge = String(randomInt(1_000_000_000, 10_000_000_000));
  const ask = (token: string): Promise<Outcome> => {
    const asked = new URL(url);
    asked.searchParams.set('hub.mode', 'subscribe');
    asked.searchParams.set('hub.verify_token', token);
    asked.searchParams.set('hub.challenge', challenge);
    return visit({ url: asked, method: 'GET', ...rest });
  };
  const [verification, wrongToken, unsigned] = await Promise.all([
    ask(verifyToken),
    ask(randomBytes(16).toString('hex')),
    visit({ url, method: 'POST', body: EMPTY_POST, ...rest }),
  ]);
  return { url, challenge, verification, wrongToken, unsigned };
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
