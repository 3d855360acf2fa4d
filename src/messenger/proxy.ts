import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';
import { getProxyForUrl } from 'proxy-from-env';
import { isLoopback } from '../process/loopback';
import { OperatorError } from '../process/operator-error';

/**
 * The way to a server over HTTPS: through the proxy that `HTTPS_PROXY` or `ALL_PROXY` names, unless `NO_PROXY` names the server.
 * The proxy sees nothing but the server's name. Plain HTTP and this machine's own addresses never go through a proxy: it would
 * read the token.
 *
 * @param server where calls go
 * @param timeoutMs how long a connection may take to be made
 * @returns an agent that keeps connections open; those over TLS are given out once they are made
 * @throws {OperatorError} when the proxy's address is none
 */
export function agentFor({ protocol, hostname, href }: URL, timeoutMs: number): http.Agent {
  if (protocol !== 'https:') return new http.Agent({ keepAlive: true });
  if (isLoopback(hostname) || getProxyForUrl(href) === '') return new Secure(timeoutMs);
  return new Tunnel(namedProxy(), timeoutMs);
}

/** Like `http://proxy.example:3128`; without a scheme, plain HTTP is meant, as everywhere but in `proxy-from-env`. */
function namedProxy(): URL {
  const named = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].map((name) => process.env[name]).find(Boolean);
  const text = String(named).includes('://') ? String(named) : `http://${String(named)}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (!proxy || !['http:', 'https:'].includes(proxy.protocol) || !canDecode(proxy.username + proxy.password)) {
    throw new OperatorError('HTTPS_PROXY must be an address like http://proxy.example:3128 or http://user:password@….');
  }
  return proxy;
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** What Node.js hands in; where there is an error, it looks at nothing else. */
type Connected = (error: Error | null, socket?: Duplex) => void;
/** The same, as the types of Node.js have it. */
type TypedConnected = (error: Error | null, socket: Duplex) => void;

class Secure extends https.Agent {
  constructor(private readonly timeoutMs: number) {
    super({ keepAlive: true });
  }

  override createConnection(options: https.RequestOptions, callback?: TypedConnected): undefined {
    giveOutOnceMade(super.createConnection(options) as unknown as Duplex, this.timeoutMs, callback as Connected);
  }
}

/** Gives out a connection once what is written to it leaves at once; one that does not come about is an error of the call. */
function giveOutOnceMade(socket: Duplex, timeoutMs: number, connected: Connected): void {
  const limit = setTimeout(() => socket.destroy(withCode('ETIMEDOUT')), timeoutMs);
  const failed = (error: NodeJS.ErrnoException): void => {
    clearTimeout(limit);
    // As the system names it where something has been written already.
    connected(error.code?.startsWith('ERR_SSL_') ? withCode('EPROTO') : error);
  };
  socket.once('error', failed);
  socket.once('secureConnect', () => {
    clearTimeout(limit);
    socket.off('error', failed);
    connected(null, socket);
  });
}

/** Connections through a proxy (`CONNECT`). One that does not come about is an error of the call, whatever the proxy does. */
class Tunnel extends https.Agent {
  readonly #proxy: URL;
  readonly #timeoutMs: number;

  constructor(proxy: URL, timeoutMs: number) {
    super({ keepAlive: true });
    this.#proxy = proxy;
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(options: https.RequestOptions, callback?: TypedConnected): undefined {
    const connected = callback as Connected;
    const { protocol, hostname, port, username, password } = this.#proxy;
    const target = `${String(options.host)}:${String(options.port)}`;
    const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
      'base64',
    );
    const asking = (protocol === 'https:' ? https : http).request({
      ...{ hostname: hostname.replace(/^\[|\]$/g, ''), port, method: 'CONNECT', path: target, agent: false },
      headers: { Host: target, ...(username !== '' && { 'Proxy-Authorization': `Basic ${credentials}` }) },
    });
    const limit = setTimeout(() => asking.destroy(withCode('ETIMEDOUT')), this.#timeoutMs);
    asking.on('connect', ({ statusCode }, socket) => {
      clearTimeout(limit);
      if (statusCode === 200) {
        giveOutOnceMade(connect({ ...(options as ConnectionOptions), socket }), this.#timeoutMs, connected);
        return;
      }
      socket.destroy();
      connected(withCode(`PROXY_${String(statusCode)}`));
    });
    asking.on('error', (error) => {
      clearTimeout(limit);
      connected(error);
    });
    asking.end();
  }
}

function withCode(code: string): Error {
  return Object.assign(new Error(`The connection is not made (${code})`), { code });
}
