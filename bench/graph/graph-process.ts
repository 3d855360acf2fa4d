import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { monotonicMs, pause } from '../clock';
import { serveCommands } from '../worker';

/** How the stand-in behaves from now on. */
export interface Behaviour {
  /** From the call to its answer. */
  readonly latencyMs: number;
  /** Every call is answered 401 with code 190, so that nothing leaves. */
  readonly refuses: boolean;
}

/** The messages that came, in the order they came. */
export interface Arrivals {
  readonly persons: number[];
  /** On the machine's clock. */
  readonly at: number[];
}

export type GraphCommands = typeof commands;

const REFUSAL = JSON.stringify({
  error: { message: 'Error validating access token', type: 'OAuthException', code: 190 },
});

let behaviour: Behaviour = { latencyMs: 0, refuses: false };
let arrivals: Arrivals = { persons: [], at: [] };
let sockets = { open: 0, most: 0 };

function answer(req: http.IncomingMessage, res: http.ServerResponse): void {
  const at = monotonicMs();
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    if (behaviour.refuses) {
      res.writeHead(401, { 'Content-Type': 'application/json' }).end(REFUSAL);
      return;
    }
    const { recipient } = JSON.parse(Buffer.concat(chunks).toString()) as { recipient: { id: string } };
    arrivals.persons.push(Number(recipient.id));
    arrivals.at.push(at);
    const body = JSON.stringify({ recipient_id: recipient.id, message_id: `m_${arrivals.at.length}` });
    const reply = () => {
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
    };
    if (behaviour.latencyMs > 0) setTimeout(reply, behaviour.latencyMs);
    else reply();
  });
}

const commands = {
  listen: async (): Promise<number> => {
    const server = http.createServer(answer);
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket) => {
      sockets.open += 1;
      sockets.most = Math.max(sockets.most, sockets.open);
      socket.once('close', () => (sockets.open -= 1));
    });
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  },
  /** Forgets what came, and behaves otherwise. */
  reset: (next: Behaviour): void => {
    behaviour = next;
    arrivals = { persons: [], at: [] };
    sockets = { ...sockets, most: sockets.open };
  },
  /** Waits until so many messages have come, or none has for `quietMs`, and tells how many. */
  waitFor: async ({ count, quietMs }: { count: number; quietMs: number }): Promise<number> => {
    const since = monotonicMs();
    while (arrivals.at.length < count) {
      if (monotonicMs() - Math.max(since, arrivals.at.at(-1) ?? 0) > quietMs) break;
      await pause(20);
    }
    return arrivals.at.length;
  },
  arrivals: (): Arrivals => arrivals,
  /** Connections that are open now, and the most that were at once since it was last told how to behave. */
  sockets: (): { readonly open: number; readonly most: number } => sockets,
};

serveCommands(commands);
