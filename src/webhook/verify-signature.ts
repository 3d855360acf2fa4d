import { createHmac } from 'node:crypto';
import { equalInConstantTime } from './constant-time';

/**
 * Tells whether a webhook body was signed by the platform.
 *
 * 1. The header must have the documented form: `sha256=` and 64 lowercase hex digits.
 * 2. The signature is computed over the bytes as they came, never over re-serialised JSON: the platform signs its own
 *    escaping of non-ASCII characters.
 * 3. Every secret is tried, so that a secret can be rotated without losing an event; the comparison takes constant time
 *    and does not stop at the first match.
 *
 * @param body the raw bytes of the request's body
 * @param header the value of `X-Hub-Signature-256`
 * @param secrets the App Secrets that are accepted
 * @see https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads
 */
export function isValidSignature(body: Buffer, header: string | undefined, secrets: readonly string[]): boolean {
  if (header === undefined || !/^sha256=[0-9a-f]{64}$/.test(header)) return false;
  const matches = secrets.filter((secret) => equalInConstantTime(header, sign(body, secret)));
  return matches.length > 0;
}

function sign(body: Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
