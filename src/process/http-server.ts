import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartError } from './start-error';

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
 * @throws {StartError} when the address cannot be listened on, with the remedy
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<HttpServer> {
  const server = createServer({ ...timeouts, ...options.timeouts }, app);
  server.listen({ port: options.port, host: options.host });
  await once(server, 'listening').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    const remedy = remedies[String(code)] ?? 'Set PORT and HOST to something that this machine can listen on.';
    throw new StartError(`It cannot listen (${message}). ${remedy}`, { cause: error });
  });
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

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another program uses this port: stop it, or set PORT to another number.',
  EACCES: 'This port needs more rights: set PORT to a number above 1023 and let the proxy forward to it.',
  EADDRNOTAVAIL: 'HOST is no address of this machine: correct it, or leave it out to listen on all interfaces.',
  ENOTFOUND: 'HOST is not known: correct it, or leave it out to listen on all interfaces.',
};
