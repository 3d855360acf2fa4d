import http from 'node:http';
import https from 'node:https';
import { rootCertificates, type ConnectionOptions } from 'node:tls';
import { agentFor } from '../../messenger/proxy';

/** A request to the public address. */
export interface Visit {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  /** Headers beside those that the body needs. */
  readonly extra?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Certificates to trust instead of those that Node.js brings along. */
  readonly trusted: string | undefined;
}

/** What came of it: an answer, its text cut off where it is too long to be one of the bot, or a code. */
export type Outcome =
  | { readonly status: number; readonly text: string; readonly location: string | undefined; readonly isPage: boolean }
  | { readonly code: string };

const LARGEST_ANSWER = 64 * 1024;

/** Makes one request, follows nothing, and takes no more than 64 KiB and so many milliseconds. Never rejects. */
export function visit({ url, method, body, extra = {}, timeoutMs, trusted }: Visit): Promise<Outcome> {
  return new Promise((resolve) => {
    const ofBody = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': body.length };
    const headers = { ...ofBody, ...extra };
    const agent = agentFor(url, timeoutMs);
    const options = { method, headers, agent, ...strictTls(trusted) };
    const request = (url.protocol === 'https:' ? https : http).request(url, options);
    const end = (outcome: Outcome): void => {
      clearTimeout(limit);
      resolve(outcome);
      request.destroy();
      agent.destroy();
    };
    const limit = setTimeout(end, timeoutMs, { code: 'ETIMEDOUT' });
    const fail = ({ code = 'NO_CONNECTION' }: NodeJS.ErrnoException): void => {
      end({ code });
    };
    request.on('error', fail);
    request.on('response', (response) => {
      const { statusCode, headers: answered } = response;
      let text = '';
      const finish = (): void => {
        const isPage = /\bhtml\b/i.test(String(answered['content-type'])) || /^\s*</.test(text);
        end({ status: Number(statusCode), text, location: answered.location, isPage });
      };
      response.setEncoding('latin1');
      response.on('data', (chunk: string) => {
        text += chunk.slice(0, LARGEST_ANSWER - text.length);
        if (text.length === LARGEST_ANSWER) finish();
      });
      response.on('error', fail);
      response.on('end', finish);
    });
    request.end(body);
  });
}

/** As the platform sees it: what this machine's environment adds to the authorities, or waives, does not count there. */
function strictTls(trusted: string | undefined): ConnectionOptions {
  return { ca: trusted ?? [...rootCertificates], rejectUnauthorized: true, minVersion: 'TLSv1.2' };
}

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'no name server answers (DNS)',
  ECONNREFUSED: 'the connection is refused, nothing listens there',
  ECONNRESET: 'the connection is closed at once',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ETIMEDOUT: 'nothing comes back in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed, which Meta does not accept',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that nobody trusts',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes without the one that it was signed with',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes without the one that it was signed with',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  EPROTO: 'it does not speak TLS',
};

/** What the code of a failed connection means, in plain words. */
export function describeConnection(code: string): string {
  if (code.startsWith('PROXY_')) return `the proxy refuses to connect (HTTP ${code.slice('PROXY_'.length)})`;
  const known = Object.hasOwn(words, code) ? words[code] : undefined;
  return known === undefined ? `the connection fails (${code})` : `${known} (${code})`;
}

const renew = 'Renew it (with certbot: certbot renew, then reload the web server).';
const chain = 'Give the web server the whole chain: fullchain.pem, not cert.pem.';
const dns = "Check the address, and the host name's entry at your DNS provider.";
const authority = "Get one from an authority such as Let's Encrypt.";

const remedies: Readonly<Record<string, string>> = {
  ENOTFOUND: dns,
  EAI_AGAIN: "Check this machine's network and its name servers.",
  ECONNREFUSED: 'Start the web server in front of the bot, and let its port through the firewall.',
  ETIMEDOUT: 'Look whether a firewall drops what comes, and whether the web server and the bot answer.',
  CERT_HAS_EXPIRED: renew,
  CERT_NOT_YET_VALID: "Check this machine's clock, or wait.",
  DEPTH_ZERO_SELF_SIGNED_CERT: authority,
  SELF_SIGNED_CERT_IN_CHAIN: authority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: chain,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: chain,
  ERR_TLS_CERT_ALTNAME_INVALID: 'Get a certificate for the host name in the address, or use the name that it is for.',
  EPROTO: 'Switch TLS on at this port of the web server (nginx: listen 443 ssl).',
};

/** What to do about it. */
export function remedyForConnection(code: string): string {
  const known = Object.hasOwn(remedies, code) ? remedies[code] : undefined;
  return known ?? "Try the address in a browser; look into the web server's log, and at HTTPS_PROXY where it is set.";
}
