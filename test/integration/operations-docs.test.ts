import { readFileSync } from 'node:fs';
import path from 'node:path';
import request from 'supertest';
import { createBot } from '../../src';
import { loadConfig } from '../../src/config';
import { createOperations } from '../../src/operations/operations';
import { createReadiness } from '../../src/operations/readiness';
import { systemClock } from '../../src/process/clock';
import { createLogger } from '../../src/process/logger';
import { createPersonName } from '../../src/process/person-name';
import { openLmdbStore } from '../../src/queue/lmdb/store';
import { createWatch } from '../../src/watch';
import { readRules } from '../support/alerts';
import { expectGraphCalls, post, secrets } from '../support/bot';
import { bodyOf, eventOf, fixtureOfNow } from '../support/fixtures';
import { readDashboard } from '../support/dashboard';
import { findMetric, readMetrics, type Metric } from '../support/metrics';
import { readQuery } from '../support/promql';
import { bookOfToken } from '../support/pages';
import { temporaryFolder } from '../support/temporary-folder';

/* What docs/operations says about metrics, against what a bot that has seen everything really tells. */

const folder = path.join(__dirname, '..', '..', 'docs', 'operations');
const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');

/** What Prometheus adds to every metric of a target, and the one metric that it makes itself. */
const targetLabels = ['job', 'instance'];
const ofPrometheus: Metric = { type: 'gauge', labels: new Map() };

const [blocked, unlucky] = ['24601000000000077', '24601000000000078'];

/** A bot whose people were answered, handed over, refused and let down once: whatever is counted has been counted. */
async function metricsOfALife(): Promise<ReadonlyMap<string, Metric>> {
  const config = loadConfig({ ...secrets, APP_SECRET: '', OPERATIONS_HOST: '127.0.0.1' });
  const log = createLogger({ ...config, logLevel: 'silent' }, { write: () => undefined });
  const store = await openLmdbStore(temporaryFolder());
  const nameOf = createPersonName(config);
  const pages = () => bookOfToken(secrets.PAGE_ACCESS_TOKEN);
  const readiness = createReadiness(systemClock, config.maxPendingEvents, log);
  const operations = createOperations({ config, log, clock: systemClock, nameOf, pages, readiness });
  const watch = createWatch({ ...operations, appId: config.appId, pages, now: Date.now });
  const { app, queue } = createBot({ config, log, store, readiness, nameOf, watch });
  operations.begin({ store, queue });
  readiness.begin(store);
  queue.start();

  const error = (code: number) => [400, { error: { message: 'no', code } }] as const;
  expectGraphCalls(5, ({ body }) => {
    const { id } = (body as { recipient: { id: string } }).recipient;
    if (id === blocked) return error(551);
    return id === unlucky ? error(2) : [200, { success: true }];
  });
  const message = (person: string) => eventOf({ message: { mid: `m_${person}`, text: 'hi' } }, Date.now(), person);
  const bodies = [
    ...['message-text', 'quick-reply-pass-to-inbox', 'standby-message-text'].map(fixtureOfNow),
    ...[blocked, unlucky].map((person) => JSON.stringify(bodyOf(message(person)))),
    'no JSON',
  ];
  for (const body of bodies) {
    await post(app, body);
    await queue.idle();
  }
  const { text } = await request(operations.app).get('/metrics').set('Host', 'localhost');
  await queue.stop();
  operations.end();
  await store.close();
  return readMetrics(text);
}

const panels = readDashboard().panels;
const rules = readRules();
const queries = [
  ...rules.map(({ alert, expr }) => [alert, expr, ''] as const),
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => [title, expr, legendFormat] as const),
  ),
].map(([from, expr, legend]) => ({ from, expr: expr.replaceAll('$__rate_interval', '5m'), legend }));

let metrics: ReadonlyMap<string, Metric>;
beforeAll(async () => {
  metrics = await metricsOfALife();
});

const metricOf = (name: string) => (name === 'up' ? ofPrometheus : findMetric(metrics, name));

describe.each(queries)('$from: $expr', ({ expr, legend }) => {
  const { selected, labels } = readQuery(expr);

  it('asks for metrics that there are', () => {
    expect(selected.filter(({ metric }) => !metricOf(metric))).toEqual([]);
    expect(selected.length).toBeGreaterThan(0);
  });

  it('asks for labels that these have', () => {
    const wrong = selected.flatMap(({ metric, matchers }) =>
      matchers.filter(({ label }) => ![...targetLabels, ...(metricOf(metric)?.labels.keys() ?? [])].includes(label)),
    );
    expect(wrong).toEqual([]);
    const all = [...targetLabels, ...selected.flatMap(({ metric }) => [...(metricOf(metric)?.labels.keys() ?? [])])];
    expect(labels.filter((label) => !all.includes(label))).toEqual([]);
    const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    expect(named.filter((label) => !all.includes(label))).toEqual([]);
  });

  it('asks for values that these have', () => {
    const wrong = selected.flatMap(({ metric, matchers }) =>
      matchers.filter(
        ({ label, operator, value }) =>
          operator === '=' && !targetLabels.includes(label) && !metricOf(metric)?.labels.get(label)?.has(value),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the table of metrics in the README', () => {
  const rows = [...readme.matchAll(/^\| `(messenger_bot_\w+)` +\| ([^|]*)\|/gm)].map(([, name = '', labels = '']) => ({
    name,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }));

  it('has all that there are, and no others', () => {
    const own = [...metrics.keys()].filter((name) => name.startsWith('messenger_bot_'));
    expect(rows.map(({ name }) => name).sort()).toEqual(own.sort());
    expect(own.length).toBeGreaterThan(20);
  });

  it('has the labels of each', () => {
    const labelsOf = ([name, { labels }]: readonly [string, Metric]) => [
      name,
      [...labels.keys()].filter((label) => label !== 'le').sort(),
    ];
    const own = [...metrics].filter(([name]) => name.startsWith('messenger_bot_')).map(labelsOf);
    expect(Object.fromEntries(rows.map(({ name, labels }) => [name, labels.sort()]))).toEqual(Object.fromEntries(own));
  });

  it('names the others that alerts and dashboard use', () => {
    const used = queries.flatMap(({ expr }) => readQuery(expr).selected.map(({ metric }) => metric));
    const others = [...new Set(used.filter((name) => /^(process|nodejs)_/.test(name)))];
    expect(others.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
    const named = [...readme.matchAll(/`((?:process|nodejs)_\w+[a-z])`/g)].map(([, name = '']) => name);
    expect(named.sort()).toEqual(others.sort());
  });
});
