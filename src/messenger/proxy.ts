import https from 'node:https';
import http from 'node:http';
import { createRequire } from 'node:module';
import type * as ProxyAgent from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';
import { isLoopback } from '../process/loopback';
import { OperatorError } from '../process/operator-error';

/**
 * The way to a server over HTTPS: through the proxy that `HTTPS_PROXY` and `NO_PROXY` name, where they do, which then sees nothing
 * but the server's name. Plain HTTP and this machine's own addresses never go through a proxy: it would read the token.
 *
 * @param server where calls go
 * @returns an agent that keeps connections open
 * @throws {OperatorError} when the proxy's address is none
 */
export function agentFor(server: URL): http.Agent {
  const { protocol, hostname, href } = server;
  if (protocol !== 'https:') return new http.Agent({ keepAlive: true });
  const proxy = isLoopback(hostname) ? '' : getProxyForUrl(href);
  if (proxy === '') return new https.Agent({ keepAlive: true });
  if (!URL.canParse(proxy)) throw new OperatorError('HTTPS_PROXY must be an address like http://proxy.example:3128.');
  const { HttpsProxyAgent } = createRequire(__filename)('https-proxy-agent') as typeof ProxyAgent; // only for those who need it
  return new HttpsProxyAgent(proxy, { keepAlive: true });
}
