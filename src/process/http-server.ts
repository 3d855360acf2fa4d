import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { InheritedSocket } from './inherited-socket';
import { OperatorError } from './operator-error';

export interface HttpServer {
  /** The port that is really listened on, also where 0 was asked for or the system hands over a socket. */
  readonly port: number;
  /** The address that is really listened on; `::` and `0.0.0.0` are all of this machine. */
  readonly host: string;
  /**
   * Goes on answering until everything is at rest, each time asking the client to come back on a new connection. Then it takes no
   * new connections, and gives those that are open half a second for a last request: who has just connected, or keeps a
   * connection, may be about to write. Once all that has come in whole is answered, whoever is still connected is cut off: a client
   * that says nothing, or only half of it, holds up nobody for longer.
   *
   * @param atRest what is waited for before
   */
  close(atRest?: Promise<unknown>): Promise<void>;
}

const SECOND = 1_000;

/** Slow clients are cut off; a proxy's idle connections (60 s in most) are kept longer than the proxy keeps them. */
const timeouts = {
  headersTimeout: 10 * SECOND,
  requestTimeout: 20 * SECOND,
  keepAliveTimeout: 75 * SECOND,
  connectionsCheckingInterval: 2 * SECOND,
};
/** A connection on which nothing moves, such as one whose client does not read its answer. */
const INACTIVE_MS = 30 * SECOND;
/** How long who is connected at the end may take to bring a request. */
const LAST_REQUEST_MS = 500;
/** How often to look whether the last answer is made. */
const LOOK_MS = 20;

export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The address to listen on; undefined for all interfaces. */
  readonly host: string | undefined;
  /** Where there is one, port and host play no part. */
  readonly socket?: InheritedSocket | undefined;
  /** How long clients may take, in milliseconds; the defaults are meant for a server behind a proxy. */
  readonly timeouts?: Partial<typeof timeouts>;
}

/**
 * Starts an HTTP server.
 *
 * @param app what answers the requests
 * @throws {OperatorError} when the address or the socket cannot be listened on, with the remedy
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<HttpServer> {
  /** The request that is being answered on each connection. */
  const underWay = new Map<Socket, { readonly req: IncomingMessage; readonly res: ServerResponse }>();
  let isClosing = false;
  const server = createServer({ ...timeouts, ...options.timeouts }, (req, res) => {
    const { socket } = req;
    if (underWay.has(socket)) {
      socket.destroy(); // neither the platform nor a proxy sends before it has its answer; whoever does could fill the memory
      return;
    }
    underWay.set(socket, { req, res });
    res.once('close', () => underWay.delete(socket));
    if (isClosing) res.setHeader('Connection', 'close'); // a connection that is kept would bring new requests
    app(req, res);
  });
  server.timeout = INACTIVE_MS;
  const address = await begin(server, options);

  return {
    port: address.port,
    host: address.address,
    async close(atRest) {
      isClosing = true;
      await atRest;
      const closed = once(server, 'close');
      closeListener(server);
      await Promise.race([closed, pause(LAST_REQUEST_MS, undefined, { ref: false })]);
      const isAnswered = ({ req, res }: { req: IncomingMessage; res: ServerResponse }) =>
        !req.complete || res.writableEnded;
      while (![...underWay.values()].every(isAnswered)) await pause(LOOK_MS);
      server.closeAllConnections();
      server.close();
      await closed;
    },
  };
}

/** Begins to listen; tells where. */
async function begin(server: Server, { port, host, socket }: ListenOptions): Promise<AddressInfo> {
  try {
    server.listen(socket ?? { port, host });
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (socket) throw new OperatorError(`It cannot listen on the socket of the system (${message}). ${ONE_PORT}`);
    const remedy = remedies[String(code)] ?? 'Set PORT and HOST to something that this machine can listen on.';
    throw new OperatorError(`It cannot listen (${message}). ${remedy}`, { cause: error });
  }
  const address = server.address();
  if (address !== null && typeof address === 'object') return address;
  server.close();
  throw new OperatorError(`The socket of the system is not one of the network. ${ONE_PORT}`);
}

/** HTTP's own `close` would also end kept connections at once, under the hands of a proxy that is writing its next request. */
function closeListener(server: Server): void {
  net.Server.prototype.close.call(server);
}

const ONE_PORT = 'Its unit needs ListenStream= with an address and a port, and Accept=no.';

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another program uses this port: stop it, or set PORT to another number.',
  EACCES: 'This port needs more rights: set PORT to a number above 1023 and let the proxy forward to it.',
  EADDRNOTAVAIL: 'HOST is no address of this machine: correct it, or leave it out to listen on all interfaces.',
  ENOTFOUND: 'HOST is not known: correct it, or leave it out to listen on all interfaces.',
};
