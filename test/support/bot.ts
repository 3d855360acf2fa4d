import { createHmac } from 'node:crypto';
import nock from 'nock';
import request from 'supertest';
import { createBot } from '../../src';
import { loadConfig } from '../../src/config';
import { createLogger } from '../../src/process/logger';
import type { Secrets } from '../../src/process/secret-keeper';
import { systemClock, type Clock } from '../../src/process/clock';
import type { EventQueue } from '../../src/queue/event-queue';
import type { EventStore } from '../../src/queue/event-store';
import { openLmdbStore } from '../../src/queue/lmdb/store';
import { FIXTURE_TIME } from './fixtures';
import { temporaryFolder } from './temporary-folder';

export const secrets = {
  PAGE_ACCESS_TOKEN: 'EAAtesttokentesttoken',
  VERIFY_TOKEN: 'verify-token-of-the-tests',
  APP_SECRET: 'app-secret-of-the-tests',
} as const;

/** Time goes on as usual, but begins when the events of test/fixtures happened. */
function clockOfFixtures(): Clock {
  const start = performance.now();
  return { ...systemClock, now: () => FIXTURE_TIME + performance.now() - start };
}

const open: { queue: EventQueue; store: EventStore }[] = [];
afterEach(async () => {
  for (const { queue, store } of open.splice(0)) {
    await queue.stop();
    await store.close();
  }
});

/** A bot whose log lines are kept; requests go through supertest, Graph calls through nock. */
export async function makeBot(
  env: Readonly<Record<string, string>> = {},
  { folder = temporaryFolder(), secrets: now }: { folder?: string; secrets?: () => Secrets } = {},
) {
  const lines: string[] = [];
  const config = loadConfig({
    PAGE_ACCESS_TOKEN: secrets.PAGE_ACCESS_TOKEN,
    VERIFY_TOKEN: secrets.VERIFY_TOKEN,
    LOG_LEVEL: 'debug',
    ...env,
  });
  const log = createLogger(config, { write: (line) => void lines.push(line) });
  const store = await openLmdbStore(folder);
  const { app, queue } = createBot({ config, log, store, clock: clockOfFixtures(), ...(now && { secrets: now }) });
  open.push({ queue, store });
  queue.start();
  return {
    app,
    store,
    queue,
    idle: () => queue.idle(),
    logText: () => lines.join(''),
    logLines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    /** Posts a body as the platform would and waits until its events have been dealt with. */
    async deliver(body: string | object): Promise<request.Response> {
      const response = await post(app, typeof body === 'string' ? body : JSON.stringify(body));
      await queue.idle();
      return response;
    },
  };
}

export async function post(app: Parameters<typeof request>[0], text: string, headers: Record<string, string> = {}) {
  return request(app)
    .post('/webhook')
    .set({ 'Content-Type': 'application/json', ...headers })
    .send(text);
}

export function sign(body: string | Buffer, secret: string = secrets.APP_SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

export interface RecordedCall {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Answer = readonly [status: number, body: object | string];

/**
 * Stands in for Graph: answers `times` calls and records them in order.
 *
 * @param times how many calls are expected; fewer leave a pending mock behind, more have no match, and both fail the test
 * @param answer what a call is answered with
 */
export function expectGraphCalls(
  times: number,
  answer: (call: RecordedCall) => Answer = () => [200, { success: true }],
  base = 'https://graph.facebook.com',
): RecordedCall[] {
  const calls: RecordedCall[] = [];
  if (times === 0) return calls;
  const reply = (method: string) => (uri: string, body: unknown) => {
    const url = new URL(uri, base);
    const call = { method, path: url.pathname, query: Object.fromEntries(url.searchParams), body };
    calls.push(call);
    const [status, answerBody] = answer(call);
    return [status, answerBody] as [number, object];
  };
  nock(base).post(/.*/).times(times).reply(reply('POST'));
  return calls;
}

export const messageCall = (body: object): RecordedCall => graphCall('/me/messages', body);

export function graphCall(path: string, body: object): RecordedCall {
  return { method: 'POST', path, query: { access_token: secrets.PAGE_ACCESS_TOKEN }, body };
}
