import request from 'supertest';
import { createBot } from '../../src';
import { loadConfig } from '../../src/config';
import { createOperations } from '../../src/operations/operations';
import { createReadiness } from '../../src/operations/readiness';
import { systemClock, type Clock } from '../../src/process/clock';
import { createLogger } from '../../src/process/logger';
import { createPersonName } from '../../src/process/person-name';
import { secretsOf } from '../../src/process/secret-keeper';
import type { EventStore } from '../../src/queue/event-store';
import { openLmdbStore } from '../../src/queue/lmdb/store';
import { createWatch } from '../../src/watch';
import { temporaryFolder } from './temporary-folder';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** A bot that operators can look at. */
export async function operatedBot(
  env: Readonly<Record<string, string>>,
  options: { folder?: string; clock?: Clock; around?: (store: EventStore) => EventStore } = {},
) {
  const { folder = temporaryFolder(), clock = systemClock, around = (store: EventStore) => store } = options;
  const config = loadConfig(env);
  const lines: string[] = [];
  const log = createLogger(config, { write: (line) => void lines.push(line) });
  const nameOf = createPersonName(config);
  const secrets = secretsOf(config);
  const pages = () => secrets.pages;
  const readiness = createReadiness(clock, config.maxPendingEvents, log);
  const operations = createOperations({ config, log, clock, nameOf, pages, readiness });
  const opened = await openLmdbStore(folder, { clock });
  const store = around(opened);
  const watch = createWatch({ ...operations, appId: config.appId, pages, now: () => clock.now() });
  const { app, queue } = createBot({ config, log, store, clock, secrets: () => secrets, nameOf, readiness, watch });
  let isOpen = true;
  const stop = async () => {
    if (!isOpen) return;
    isOpen = false;
    readiness.end();
    await queue.stop();
    operations.end();
    await opened.close();
  };
  open.push(stop);
  const ask = (path: string) => request(operations.app).get(path).set('Host', 'localhost');
  const metrics = async () => new Map((await ask('/metrics')).text.split('\n').map(readMetric));
  return {
    app,
    queue,
    store,
    folder,
    nameOf,
    ask,
    head: (path: string) => request(operations.app).head(path).set('Host', 'localhost'),
    post: (path: string) => request(operations.app).post(path).set('Host', 'localhost'),
    stop,
    /** From now on events are handled, and operators see them. */
    begin: () => {
      queue.start();
      operations.begin({ store, queue });
      readiness.begin(store);
    },
    /** Operators see it, but nothing is handled. */
    watch: () => {
      operations.begin({ store, queue });
      readiness.begin(store);
    },
    lines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    /** A metric's figure, by its name without `messenger_bot_`, with its labels as Prometheus writes them. */
    metric: async (name: string) => (await metrics()).get(`messenger_bot_${name}`),
    metrics,
    state: async () => JSON.parse((await ask('/state')).text) as Record<string, Record<string, unknown>>,
  };
}

function readMetric(line: string): [string, number] {
  const end = line.lastIndexOf(' ');
  return [line.slice(0, end), Number(line.slice(end + 1))];
}
