import { once } from 'node:events';
import nock from 'nock';
import request from 'supertest';
import type { Conversation } from '../../src/simulator/conversation';
import { startSimulator, type Simulator } from '../../src/simulator/simulator';
import { botEnvironment } from '../../src/simulator/setup';
import { FIELDS } from '../../src/simulator/settings';
import { StoreError } from '../../src/queue/event-store';
import { openLmdbStore } from '../../src/queue/lmdb/store';
import { fakeClock } from '../support/fake-clock';
import { startHttpServer } from '../support/http-server';
import { operatedBot } from '../support/operated-bot';
import { signal } from '../support/signal';
import { temporaryFolder } from '../support/temporary-folder';

const simulators: Simulator[] = [];
beforeAll(() => {
  nock.restore(); // the simulator and its bot speak real HTTP
});
afterEach(async () => {
  for (const simulator of simulators.splice(0)) await simulator.close();
});

/** The platform, a bot that is subscribed to it, and a customer. */
async function played(folder?: string) {
  const simulator = await startSimulator(0);
  simulators.push(simulator);
  const { platform, url } = simulator;
  const env = { ...botEnvironment(platform.settings, url), LOG_LEVEL: 'debug' };
  const bot = await operatedBot(env, { ...(folder !== undefined && { folder }) });
  bot.begin();
  const server = await startHttpServer(bot.app);
  const { subscription } = platform.webhooks;
  subscription.callbackUrl = `${server.url}/webhook`;
  for (const field of FIELDS) for (const set of [subscription.appFields, subscription.pageFields]) set.add(field);
  /** Resolves when everything that this leads to has happened. */
  const after = async (act: () => void) => {
    act();
    await quiet();
  };
  const quiet = async (): Promise<void> => {
    const isBusy = () =>
      platform.webhooks.pending > 0 || platform.wire.entries.some(({ status }) => status === undefined);
    for (let rest = 0; rest < 3; rest += 1) {
      while (isBusy()) {
        rest = 0;
        await once(platform.wire, 'change');
      }
      await bot.queue.idle();
    }
  };
  return { platform, bot, after, customer: platform.createCustomer('Maya'), url: server.url };
}

const textsOf = ({ bubbles }: Conversation) => bubbles.map(({ text }) => text.slice(0, 12));

describe('the metrics after a played conversation', () => {
  it('have the figures of what has happened', async () => {
    const { platform, bot, after, customer } = await played();
    const { psid } = customer;
    await after(() => {
      platform.customerWrites(psid, 'hello');
    });
    await after(() => {
      platform.customerTaps(psid, 'pass_to_inbox');
    });
    await expect(bot.metric('human_conversations')).resolves.toBe(1);
    await expect(bot.metric('human_unanswered_conversations')).resolves.toBe(1);
    await expect(bot.metric('human_unanswered_oldest_seconds')).resolves.toBeGreaterThan(0);
    await after(() => {
      platform.agentWrites(psid, 'How can I help?');
    });
    await expect(bot.metric('human_unanswered_conversations')).resolves.toBe(0);
    await expect(bot.metric('human_last_word_is_persons_conversations')).resolves.toBe(0);
    await after(() => {
      platform.customerWrites(psid, 'My cake is late');
    });
    await expect(bot.metric('human_last_word_is_persons_conversations')).resolves.toBe(1);
    await after(() => {
      platform.agentIsDone(psid);
    });
    expect(textsOf(customer)).toHaveLength(7);

    const metrics = await bot.metrics();
    const figures = {
      'webhook_requests_total{status="200",signed="yes"}': platform.wire.entries.filter(
        ({ direction }) => direction === 'webhook',
      ).length,
      'events_total{channel="messaging",kind="message",outcome="welcomed"}': 1,
      'events_total{channel="messaging",kind="quick_reply",outcome="passed_to_inbox"}': 1,
      'events_total{channel="messaging",kind="pass_thread_control",outcome="welcomed_back"}': 1,
      'events_total{channel="standby",kind="message",outcome="ignored"}': 1,
      'events_total{channel="standby",kind="echo",outcome="ignored"}': 1,
      'graph_calls_total{path="/messages",code="ok"}': 3,
      'graph_calls_total{path="/pass_thread_control",code="ok"}': 1,
      'graph_call_duration_seconds_count{path="/messages"}': 3,
      event_duration_seconds_count: 3,
      'handovers_total{direction="to_human",by="person"}': 1,
      'handovers_total{direction="to_bot",by="human"}': 1,
      'queue_events{state="waiting"}': 0,
      'queue_events{state="set_aside"}': 0,
      queue_limit_events: 100_000,
      queue_oldest_seconds: 0,
      'sending_stopped_seconds{page="me",why="held"}': 0,
      'sending_stopped_seconds{page="me",why="paused"}': 0,
      human_conversations: 0,
      ready: 1,
    };
    const found = Object.keys(figures).map((name) => [name, metrics.get(`messenger_bot_${name}`)]);
    expect(Object.fromEntries(found)).toEqual(figures);
    expect(metrics.get('process_start_time_seconds')).toBeGreaterThan(0);
  });

  it('show what is refused, what is held and for how long, and what was set aside and why', async () => {
    const { platform, bot, after, customer, url } = await played();
    platform.block(customer.psid, true);
    await after(() => {
      platform.customerWrites(customer.psid, 'hello');
    });
    await expect(bot.metric('graph_calls_total{path="/messages",code="551/1545041"}')).resolves.toBe(1);
    await expect(bot.metric('events_total{channel="messaging",kind="message",outcome="set_aside"}')).resolves.toBe(1);
    await expect(bot.metric('queue_events{state="set_aside"}')).resolves.toBe(1);
    platform.trouble.tokenInvalid = true;
    const other = platform.createCustomer('Jonas');
    await after(() => {
      platform.customerWrites(other.psid, 'private words');
    });
    await request(url).post('/webhook').send('{}');
    await expect(bot.metric('webhook_requests_total{status="401",signed="no"}')).resolves.toBe(1);
    await expect(bot.metric('sending_stopped_seconds{page="me",why="held"}')).resolves.toBeGreaterThan(0);
    await expect(bot.metric('sending_stopped_seconds{page="me",why="held"}')).resolves.toBeLessThan(30);
    await expect(bot.metric('queue_events{state="waiting"}')).resolves.toBe(1);

    const state = await bot.state();
    expect(state).toMatchObject({
      ready: true,
      reasons: [],
      waiting: { events: 1, oldestSince: expect.stringMatching(/^2\d{3}-/) as string },
      pages: [
        {
          page: 'me',
          sending: 'held',
          reason: expect.stringContaining('Generate a new Page access token') as string,
          since: expect.stringMatching(/Z$/) as string,
          nextTryAt: expect.stringMatching(/Z$/) as string,
        },
      ],
      setAside: { events: 1, latest: [{ person: bot.nameOf(customer.psid), reason: expect.any(String) as string }] },
    });
    expect(bot.lines()).toContainEqual(
      expect.objectContaining({
        msg: 'event set aside; see it with: npm run queue -- show ID',
        person: bot.nameOf(customer.psid),
      }),
    );
    expect(bot.lines()).toContainEqual(
      expect.objectContaining({ level: 'error', msg: 'all sending holds; one event is tried at least every minute' }),
    );
    const everything = JSON.stringify([state, bot.lines()]);
    expect(everything).not.toMatch(/private words|hello/);
    for (const secret of [customer.psid, other.psid, platform.settings.pageAccessToken])
      expect(everything).not.toContain(secret);
  });

  it('show that the platform wants to be left alone for a while', async () => {
    const { platform, bot, after, customer } = await played();
    platform.trouble.rateLimited = true;
    await after(() => {
      platform.customerWrites(customer.psid, 'hello');
    });
    await expect(bot.metric('sending_stopped_seconds{page="me",why="paused"}')).resolves.toBeGreaterThan(0);
    await expect(bot.metric('sending_stopped_seconds{page="me",why="paused"}')).resolves.toBeLessThan(30);
    await expect(bot.metric('sending_stopped_seconds{page="me",why="held"}')).resolves.toBe(0);
    expect(await bot.state()).toMatchObject({ ready: true, pages: [{ sending: 'paused' }] });
  });

  it('know after a restart who still waits for a human', async () => {
    const folder = temporaryFolder();
    const { platform, bot, after, customer } = await played(folder);
    await after(() => {
      platform.customerWrites(customer.psid, 'hello');
    });
    await after(() => {
      platform.customerTaps(customer.psid, 'pass_to_inbox');
    });
    const { humans } = await bot.state();
    expect(humans).toMatchObject({ unanswered: 1, waitingLongest: [{ person: bot.nameOf(customer.psid) }] });
    await bot.stop();
    const restarted = await operatedBot(botEnvironment(platform.settings, 'http://127.0.0.1:9'), { folder });
    restarted.begin();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect((await restarted.state())['humans']).toEqual(humans);
  });

  it('tell all log lines of one event by its id, from the POST to the last call', async () => {
    const { platform, bot, after, customer } = await played();
    await after(() => {
      platform.customerWrites(customer.psid, 'hello');
    });
    await after(() => {
      platform.customerTaps(customer.psid, 'pass_to_inbox');
    });
    const lines = bot.lines();
    const tap = lines.find(({ outcome }) => outcome === 'passed_to_inbox');
    const person = bot.nameOf(customer.psid);
    expect(lines.filter(({ event }) => event === tap?.['event'])).toMatchObject([
      { msg: 'event came in', person },
      { msg: 'graph call', path: '/messages', person },
      { msg: 'graph call', path: '/pass_thread_control', person },
      { msg: 'event handled', person },
    ]);
  });
});

const settings = { PAGE_ACCESS_TOKEN: 'page-token-of-the-tests', VERIFY_TOKEN: 'verify-token' };
const NOW = 1_795_384_800_000;

describe('what operators are told', () => {
  it('is that the bot starts, is ready, and stops', async () => {
    const bot = await operatedBot(settings);
    const ready = async () => {
      const { status, body } = (await bot.ask('/readyz')) as { status: number; body: unknown };
      const { ready: isReady, reasons } = body as { ready: boolean; reasons: { what: string }[] };
      return [status, isReady, ...reasons.map(({ what }) => what)];
    };
    await expect(ready()).resolves.toEqual([503, false, 'starting']);
    expect(await bot.state()).toMatchObject({ ready: false, reasons: [{ what: 'starting' }] });
    await expect(bot.metric('ready')).resolves.toBe(0);
    await expect(bot.metric('queue_events{state="set_aside"}')).resolves.toBeNaN();
    await expect(bot.metric('queue_oldest_seconds')).resolves.toBeNaN();
    bot.begin();
    await expect(ready()).resolves.toEqual([200, true]);
    await bot.stop();
    await expect(ready()).resolves.toEqual([503, false, 'stopping']);
    expect(await bot.ask('/healthz')).toMatchObject({ status: 200, text: 'alive' });
  });

  it('is which folder the events are in, and none where they are in a database', async () => {
    const dataDirOf = async (env: Readonly<Record<string, string>>) => {
      const answer = await (await operatedBot({ ...settings, ...env })).ask('/readyz');
      return (answer.body as { dataDir?: string }).dataDir;
    };
    await expect(dataDirOf({ DATA_DIR: '/some/data' })).resolves.toBe('/some/data');
    await expect(dataDirOf({ DATABASE_URL: 'postgres://bot@127.0.0.1/bot' })).resolves.toBeUndefined();
  });

  it('is the same on the main port, without the details: everybody may reach it', async () => {
    const bot = await operatedBot(settings, {
      around: (store) => ({ ...store, probe: () => Promise.reject(new StoreError('/secret/place is full')) }),
    });
    expect(await request(bot.app).get('/readyz')).toMatchObject({ status: 503, text: 'not ready: starting' });
    expect(await request(bot.app).get('/healthz')).toMatchObject({ status: 200, text: 'alive' });
    bot.begin();
    expect(await request(bot.app).get('/readyz')).toMatchObject({ status: 503, text: 'not ready: storage_failing' });
    const well = await operatedBot(settings);
    well.begin();
    expect(await request(well.app).get('/readyz')).toMatchObject({ status: 200, text: 'ready' });
    for (const path of ['/metrics', '/state']) expect(await request(bot.app).get(path)).toMatchObject({ status: 404 });
  });

  it('is that events cannot be stored as soon as one could not, and that they can again', async () => {
    let isBroken = false;
    const bot = await operatedBot(settings, {
      around: (store) => ({
        ...store,
        add: (...args) => (isBroken ? Promise.reject(new StoreError('disk full')) : store.add(...args)),
        probe: () => (isBroken ? Promise.reject(new StoreError('disk full')) : store.probe()),
      }),
    });
    bot.begin();
    const post = (mid: string) => {
      const event = { sender: { id: '24601' }, timestamp: Date.now(), message: { mid, text: 'x' } };
      return request(bot.app)
        .post('/webhook')
        .send({ object: 'page', entry: [{ id: '1', standby: [event], messaging: [event] }] });
    };
    expect((await bot.ask('/readyz')).status).toBe(200);
    isBroken = true;
    expect((await post('m1')).status).toBe(503);
    expect(await bot.ask('/readyz')).toMatchObject({ status: 503, body: { reasons: [{ what: 'storage_failing' }] } });
    const read = { sender: { id: '24601' }, timestamp: Date.now(), read: { watermark: 1 } };
    const nothingToStore = { object: 'page', entry: [{ id: '1', messaging: [read] }] };
    expect((await request(bot.app).post('/webhook').send(nothingToStore)).status).toBe(200);
    expect((await bot.ask('/readyz')).status).toBe(503);
    isBroken = false;
    expect((await post('m2')).status).toBe(200);
    expect((await bot.ask('/readyz')).status).toBe(200);
    expect((await post('m2')).status).toBe(200);
    await expect(bot.metric('events_known_total')).resolves.toBe(1);
  });

  it('is how many POSTs nobody waited for until they were answered', async () => {
    const adding = signal();
    const gone = signal();
    const bot = await operatedBot(settings, {
      around: (store) => ({
        ...store,
        add: async () => {
          adding.send();
          await gone.sent;
          return { added: 0, known: 0 };
        },
      }),
    });
    const server = await startHttpServer(bot.app);
    const controller = new AbortController();
    const event = { sender: { id: '24601' }, timestamp: Date.now(), message: { mid: 'm', text: 'x' } };
    const posting = fetch(`${server.url}/webhook`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ object: 'page', entry: [{ id: '1', messaging: [event] }] }),
      signal: controller.signal,
    });
    await adding.sent;
    controller.abort();
    await expect(posting).rejects.toThrow();
    while ((await bot.metric('webhook_requests_total{status="none",signed="no"}')) !== 1);
    gone.send();
    await expect(bot.metric('webhook_requests_total{status="200",signed="no"}')).resolves.toBeUndefined();
  });

  it('is that the queue is full, which is no fault of the storage', async () => {
    const bot = await operatedBot({ ...settings, MAX_PENDING_EVENTS: '1' });
    bot.begin();
    const events = ['1', '2'].map((mid) => ({
      sender: { id: `2460${mid}` },
      timestamp: Date.now(),
      message: { mid, text: 'x' },
    }));
    const body = { object: 'page', entry: [{ id: '1', messaging: events }] };
    expect((await request(bot.app).post('/webhook').send(body)).status).toBe(503);
    expect((await bot.ask('/readyz')).status).toBe(200);
    await bot.queue.stop();
    await request(bot.app)
      .post('/webhook')
      .send({ object: 'page', entry: [{ id: '1', messaging: events.slice(0, 1) }] });
    expect(await bot.ask('/readyz')).toMatchObject({ status: 503, body: { reasons: [{ what: 'queue_full' }] } });
  });

  it('is what is tried again, when, and why', async () => {
    const folder = temporaryFolder();
    const clock = fakeClock(NOW);
    const store = await openLmdbStore(folder, { clock });
    await store.add(
      [{ id: 'e1', page: 'me', conversation: 'page/1/24601000000000001', timestamp: NOW, payload: {} }],
      9,
    );
    await store.due();
    await store.lease('me', 1, 0);
    const reason = 'Person 24601000000000001 is busy.';
    await store.postpone('e1', { delayMs: 60_000, reason, failed: true, mayBeSent: false });
    await store.close();
    const bot = await operatedBot(settings, {
      folder,
      clock,
      around: (one) => ({ ...one, lease: () => Promise.resolve([]) }),
    });
    bot.begin();
    await clock.pass(1_000);
    await bot.store.due();
    const { waiting } = await bot.state();
    const person = bot.nameOf('24601000000000001');
    expect(waiting).toEqual({
      events: 1,
      putBack: 0,
      oldestSince: new Date(NOW).toISOString(),
      conversationsUnderWay: 0,
      triedAgain: [
        {
          event: 'e1',
          page: 'me',
          person,
          attempts: 1,
          reason: `Person ${person} is busy.`,
          nextTryAt: expect.any(String) as string,
        },
      ],
    });
    await expect(bot.metric('queue_oldest_seconds')).resolves.toBe(1);
  });

  it('is nothing to whoever calls this machine by another name, as a web page elsewhere could', async () => {
    const bot = await operatedBot(settings);
    for (const host of ['localhost:9464', '127.0.0.1:9464', '127.100.20.255', '[::1]:9464', 'LOCALHOST'])
      expect((await bot.ask('/healthz').set('Host', host)).status).toBe(200);
    for (const host of ['rebound.example', 'xlocalhost', '127.0.0.1.rebound.example', '10.0.0.1'])
      expect((await bot.ask('/state').set('Host', host)).status).toBe(403);
    const open = await operatedBot({ ...settings, OPERATIONS_HOST: '10.0.0.1' });
    expect((await open.ask('/healthz').set('Host', 'bot.internal')).status).toBe(200);
  });

  it('is where to look, for any other path or method', async () => {
    const bot = await operatedBot(settings);
    expect(await bot.ask('/')).toMatchObject({ status: 404, text: 'Here are /healthz, /readyz, /metrics and /state.' });
    bot.begin();
    expect((await bot.ask('/healthz')).headers).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('is that it could not be told, where that is so', async () => {
    const bot = await operatedBot(settings, {
      around: (store) => store,
    });
    bot.begin();
    jest.spyOn(bot.queue, 'status').mockImplementation(() => {
      throw new Error('unreadable /secret/place');
    });
    expect(await bot.ask('/state')).toMatchObject({
      status: 500,
      text: 'It could not be told. /readyz and the log say why.\n',
    });
    expect(bot.lines()).toContainEqual(
      expect.objectContaining({
        level: 'error',
        path: '/state',
        msg: 'a question of an operator could not be answered',
      }),
    );
  });

  it('is gone without what was kept of handovers, where that cannot be read', async () => {
    const bot = await operatedBot(settings, {
      around: (store) => ({
        ...store,
        keptNotes: () => ({
          [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('unreadable')) }),
        }),
      }),
    });
    bot.begin();
    await bot.state();
    expect(bot.lines()).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/^who had which conversation/) as string }),
    );
    await expect(bot.metric('human_conversations')).resolves.toBe(0);
  });
});

describe('another method than GET', () => {
  it('is refused', async () => {
    const bot = await operatedBot(settings);
    expect((await bot.head('/healthz')).status).toBe(200);
    const refused = await bot.post('/state');
    expect([refused.status, refused.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });
});

describe('a scrape', () => {
  it('takes less than 5 ms of processor time while 100,000 events wait', async () => {
    const bot = await operatedBot(settings);
    const event = (n: number) => ({
      id: `e${n}`,
      page: 'me',
      conversation: `page/1/${24601000000000000 + n * 8}`,
      timestamp: NOW,
      payload: {},
    });
    for (let n = 0; n < 20; n += 1)
      await bot.store.add(
        Array.from({ length: 5_000 }, (_, k) => event(n * 5_000 + k)),
        100_000,
      );
    await bot.store.due();
    bot.watch();
    const costs: number[] = [];
    for (let n = 0; n < 15; n += 1) {
      const before = process.cpuUsage();
      const { text } = await bot.ask('/metrics');
      const { user, system } = process.cpuUsage(before);
      costs.push((user + system) / 1_000);
      expect(text).toContain('messenger_bot_queue_events{state="waiting"} 100000\n');
    }
    expect(Math.min(...costs)).toBeLessThan(5); // whatever else the process does at the same time only adds to it
  });
});

describe('metrics while the store does not answer', () => {
  it('have all the others, and no number for what nobody knows', async () => {
    const bot = await operatedBot(settings, {
      around: (store) => ({ ...store, figures: () => Promise.reject(new Error('away')) }),
    });
    bot.begin();
    await expect(bot.metric('queue_events{state="waiting"}')).resolves.toBeNaN();
    await expect(bot.metric('conversations_under_way')).resolves.toBe(0);
  });
});

describe('readiness of a bot that keeps its events in a database', () => {
  it('names no folder', async () => {
    const bot = await operatedBot({ ...settings, DATABASE_URL: 'postgres://bot@127.0.0.1/bot' });
    bot.begin();
    expect((await bot.ask('/readyz')).body).toEqual({ ready: true, reasons: [] });
  });
});
