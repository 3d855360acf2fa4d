import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpServer {
  /** The port that is really listened on, also where 0 was asked for. */
  readonly port: number;
  /** Stops taking connections and resolves when the last running request has been answered. */
  close(): Promise<void>;
}

const SECOND = 1_000;

/** Slow clients are cut off; a proxy's idle connections (60 s in most) are kept longer than the proxy keeps them. */
const timeouts = {
  headersTimeout: 10 * SECOND,
  requestTimeout: 20 * SECOND,
  keepAliveTimeout: 75 * SECOND,
  connectionsCheckingInterval: 2 * SECOND,
};

export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on; undefined for all interfaces. */
  readonly host: string | undefined;
  /** How long clients may take, in milliseconds; the defaults are meant for a server behind a proxy. */
  readonly timeouts?: Partial<typeof timeouts>;
}

/**
 * Starts an HTTP server.
 *
 * @param app what answers the requests
 * @throws the system's error, such as `EADDRINUSE`
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<HttpServer> {
  const server = createServer({ ...timeouts, ...options.timeouts }, app);
  server.listen({ port: options.port, host: options.host });
  await once(server, 'listening');
  const address = server.address() as AddressInfo;

  return {
    port: address.port,
    async close() {
      // A connection that is kept open would otherwise keep the server open with it.
      server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
      const sweep = setInterval(() => {
        server.closeIdleConnections();
      }, 50);
      await new Promise((resolve) => server.close(resolve));
      clearInterval(sweep);
    },
  };
}
