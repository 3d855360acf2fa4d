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
 * @param timeoutMs how long a proxy may take to make a tunnel
 * @returns an agent that keeps connections open
 * @throws {OperatorError} when the proxy's address is none
 */
export function agentFor(server: URL, timeoutMs: number): http.Agent {
  const { protocol, hostname, href } = server;
  if (protocol !== 'https:') return new http.Agent({ keepAlive: true });
  const proxy = isLoopback(hostname) ? '' : getProxyForUrl(href);
  if (proxy === '') return new https.Agent({ keepAlive: true });
  if (!URL.canParse(proxy) || !['http:', 'https:'].includes(new URL(proxy).protocol)) {
    throw new OperatorError('HTTPS_PROXY must be an address like http://proxy.example:3128.');
  }
  return tunnelThrough(proxy, timeoutMs);
}

/** An agent whose connections to a proxy that says nothing end in time. */
function tunnelThrough(proxy: string, timeoutMs: number): http.Agent {
  const { HttpsProxyAgent } = createRequire(__filename)('https-proxy-agent') as typeof ProxyAgent; // only for those who need it
  class Tunnel extends HttpsProxyAgent<string> {
    override async connect(...call: Parameters<ProxyAgent.HttpsProxyAgent<string>['connect']>) {
      const silent = new AbortController();
      const limit = setTimeout(() => {
        silent.abort();
      }, timeoutMs);
      Object.assign(this.connectOpts, { signal: silent.signal });
      try {
        return await super.connect(...call);
      } finally {
        clearTimeout(limit);
      }
    }
  }
  return new Tunnel(proxy, { keepAlive: true });
}
