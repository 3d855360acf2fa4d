import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApp, createBot } from '../src';
import { loadConfig } from '../src/config';
import { listen } from '../src/http-server';
import { createLogger } from '../src/logger';
import { openLmdbStore } from '../src/queue/lmdb/store';
import { post } from '../test/chaos/load';

/*
 * What it costs to store events before they are acknowledged: the same front door, at 300 events a second, once with the
 * durable queue behind it and once with nothing. Prints the milliseconds from request to answer.
 *
 *   npm run bench
 */

const EVENTS_PER_SECOND = 300;
const SECONDS = 20;
const SECRET = 'app-secret-of-the-benchmark';

const config = loadConfig({
  PAGE_ACCESS_TOKEN: 'page-token-of-the-benchmark',
  VERIFY_TOKEN: 'verify-token-of-the-benchmark',
  APP_SECRET: SECRET,
  LOG_LEVEL: 'silent',
});
const log = createLogger(config);

async function measure(port: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  const sent: Promise<void>[] = [];
  const start = performance.now();
  for (let n = 0; n < EVENTS_PER_SECOND * SECONDS; n += 1) {
    const wait = start + (n * 1_000) / EVENTS_PER_SECOND - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.push(
      postEvent(port, n, agent).then((ms) => {
        if (n > EVENTS_PER_SECOND) times.push(ms); // the first second warms up
      }),
    );
  }
  await Promise.all(sent);
  agent.destroy();
  return times.sort((a, b) => a - b);
}

async function postEvent(port: number, n: number, agent: Agent): Promise<number> {
  const event = {
    sender: { id: String(24_601_000_000 + (n % 500)) },
    recipient: { id: '100200300400500' },
    timestamp: Date.now(),
    message: { mid: `m_${port}_${n}`, text: 'hello, is anybody there?' },
  };
  const body = JSON.stringify({
    object: 'page',
    entry: [{ id: '100200300400500', time: Date.now(), messaging: [event] }],
  });
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  const start = performance.now();
  const status = await post(port, body, signature, agent);
  if (status !== 200) throw new Error(`answered ${String(status)}`);
  return performance.now() - start;
}

function percentile(times: readonly number[], share: number): string {
  return (times[Math.floor(times.length * share)] ?? NaN).toFixed(2);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const store = await openLmdbStore(path.join(folder, 'data'));
  const loopback = { port: 0, host: '127.0.0.1' };
  const contestants = {
    'without storing': createApp(config, log, () => Promise.resolve()),
    'stored and flushed': createBot(config, log, store).app,
  };
  for (const round of [1, 2]) {
    for (const [name, app] of Object.entries(contestants)) {
      const server = await listen(app, loopback);
      const times = await measure(server.port);
      const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(times, share));
      process.stdout.write(
        `round ${round}, ${name.padEnd(18)}  p50 ${p50} ms  p95 ${p95} ms  p99 ${p99} ms  (${times.length} events)\n`,
      );
      await server.close();
    }
  }
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
