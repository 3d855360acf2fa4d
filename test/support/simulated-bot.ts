import { once } from 'node:events';
import nock from 'nock';
import { startSimulator, type Simulator } from '../../src/simulator/simulator';
import type { Settings } from '../../src/simulator/settings';
import type { WireEntry } from '../../src/simulator/wire';
import { startHttpServer } from './http-server';

const running: Simulator[] = [];

beforeAll(() => {
  nock.restore(); // the simulator and its bots speak real HTTP
});
afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close();
});

export interface ReceivedWebhook {
  readonly signature: string | undefined;
  readonly text: string;
  readonly entries: readonly { messaging?: Record<string, unknown>[]; standby?: Record<string, unknown>[] }[];
}

type Json = Record<string, unknown>;

/** A simulator, and a bot without a will of its own that is subscribed to it. */
export async function simulated(settings: Partial<Settings> = {}) {
  const simulator = await startSimulator(0, { requireProof: false, ...settings });
  running.push(simulator);
  const { platform, url } = simulator;
  const received: ReceivedWebhook[] = [];
  let status = 200;
  const bot = await startHttpServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const query = new URL(req.url ?? '/', 'http://localhost').searchParams;
      if (req.method === 'GET') {
        res.end(query.get('hub.verify_token') === platform.settings.verifyToken ? query.get('hub.challenge') : 'no');
        return;
      }
      const { entry } = JSON.parse(text) as { entry: ReceivedWebhook['entries'] };
      received.push({ signature: req.headers['x-hub-signature-256'] as string | undefined, text, entries: entry });
      res.writeHead(status).end();
    });
  });
  const callbackUrl = `${bot.url}/webhook`;

  const call = async (
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Json; headers: Headers }> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      body: (text.startsWith('{') ? JSON.parse(text) : { text }) as Json,
      headers: answer.headers,
    };
  };
  const control = (method: string, path: string, body: object = {}) =>
    call(method, `/sim${path}`, method === 'GET' ? undefined : body);
  const token = `access_token=${platform.settings.pageAccessToken}`;
  await control('PUT', '/webhook', { callbackUrl });
  const customer = platform.createCustomer('Maya');

  return {
    simulator,
    platform,
    url,
    received,
    callbackUrl,
    call,
    control,
    psid: customer.psid,
    customer,
    /** What the bot answers to webhooks. */
    answerWith: (next: number) => {
      status = next;
    },
    /** A Graph call with the right token. */
    graph: (path: string, body: object) => call('POST', `${path}?${token}`, body),
    ask: (path: string) => call('GET', `${path}${path.includes('?') ? '&' : '?'}${token}`),
    /** The newest exchange of this kind, as soon as there is one. */
    async onWire(is: (entry: WireEntry) => boolean): Promise<WireEntry> {
      for (;;) {
        const found = platform.wire.entries.findLast(is);
        if (found) return found;
        await once(platform.wire, 'change');
      }
    },
    /** What happened, one event a line: the channel and what the event holds. */
    async events(): Promise<[string, Json][]> {
      while (platform.webhooks.pending > 0) await new Promise(setImmediate);
      return received.flatMap(({ entries }) =>
        entries.flatMap(({ messaging = [], standby = [] }) => [
          ...messaging.map((event): [string, Json] => ['messaging', event]),
          ...standby.map((event): [string, Json] => ['standby', event]),
        ]),
      );
    },
  };
}

export const errorOf = ({ body }: { body: Json }) =>
  body['error'] as { code: number; error_subcode?: number; message: string };
