import { EventEmitter, once } from 'node:events';
import { startHttpServer } from './http-server';

export interface StandInCall {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Answer = readonly [status: number, body: object];

/**
 * A small HTTP server in the place of Graph: records every call in the order it came, and answers like the platform.
 *
 * @param answer what a call is answered with
 */
export async function graphStandIn(
  answer: (call: StandInCall) => Answer | Promise<Answer> = () => [200, { success: true }],
) {
  const calls: StandInCall[] = [];
  const arrivals = new EventEmitter();
  const server = await startHttpServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const url = new URL(req.url ?? '/', 'http://localhost');
      const text = Buffer.concat(chunks).toString('utf8');
      const call = {
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
      calls.push(call);
      arrivals.emit('call');
      void Promise.resolve(answer(call)).then(([status, body]) => {
        res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      });
    });
  });
  return {
    url: server.url,
    calls,
    /** Resolves when so many calls have arrived. */
    got: async (count: number) => {
      while (calls.length < count) await once(arrivals, 'call');
    },
  };
}
