import { chmodSync } from 'node:fs';
import { createServer, ServerResponse } from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import nock from 'nock';
import { pino } from 'pino';
import { createApp, start } from '../../src';
import { loadConfig } from '../../src/config';
import { OperatorError } from '../../src/process/operator-error';
import * as checks from '../../src/queue/lmdb/check-data';
import { nobodyWatches } from '../../src/watch';
import { post, secrets } from '../support/bot';
import { freePort } from '../support/free-port';
import { graphStandIn } from '../support/graph-stand-in';
import { writePages } from '../support/pages';
import { keepingOutput } from '../support/log-output';
import { temporaryFolder } from '../support/temporary-folder';

const { output: silent } = keepingOutput();

const env = (port: string) => ({
  PAGE_ACCESS_TOKEN: secrets.PAGE_ACCESS_TOKEN,
  VERIFY_TOKEN: secrets.VERIFY_TOKEN,
  DATA_DIR: temporaryFolder(),
  HOST: '127.0.0.1',
  PORT: port,
  OPERATIONS_PORT: '0',
  LOG_LEVEL: 'silent',
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the answer to the platform', () => {
  it('leaves after what has begun with the event: a person waits for that', async () => {
    const order: string[] = [];
    const writeHead = jest.spyOn(ServerResponse.prototype, 'writeHead');
    writeHead.mockImplementationOnce(function (this: ServerResponse, ...args) {
      order.push('200');
      return this.writeHead(...args);
    });
    const app = createApp({
      secrets: () => loadConfig(env('0')),
      log: pino({ level: 'silent' }),
      accept: () => {
        setImmediate(() => order.push('the call'));
        return Promise.resolve();
      },
      readiness: { reasons: () => Promise.resolve([]) },
      watch: nobodyWatches,
    });
    const { status } = await post(app, '{"object":"page","entry":[]}');
    expect(status).toBe(200);
    expect(order).toEqual(['the call', '200']);
  });
});

describe('data that cannot be used', () => {
  it('is a reason not to start that a person can read', async () => {
    const data = env('0');
    const first = await start(data, silent);
    const second = start(data, silent);
    await expect(second).rejects.toThrow(OperatorError);
    await expect(second).rejects.toThrow(/Another bot is already working/);
    await first.stop();
    const third = await start(data, silent); // nothing of the first one is left
    await third.stop();
  });
});

describe('a bot with several Pages', () => {
  it('warns of a list that others may read, and tells operators of no Page that is not on it', async () => {
    const kept = keepingOutput();
    const file = writePages([{ id: '1', name: 'Bakery', accessToken: 'EAAtokenofbakery' }]);
    const port = await freePort();
    const settings = { ...env('0'), LOG_LEVEL: 'info', PAGE_ACCESS_TOKEN: '', PAGES_FILE: file };
    const bot = await start({ ...settings, OPERATIONS_PORT: String(port) }, kept.output);
    bot.announce();
    expect(kept.lines.join()).not.toContain('PAGES_FILE is open');
    chmodSync(file, 0o640);
    bot.announce();
    expect(kept.lines.join()).toContain('PAGES_FILE is open to other users');
    const message = { sender: { id: '24601' }, timestamp: Date.now(), message: { mid: 'm', text: 'hi' } };
    await fetch(`http://127.0.0.1:${bot.port}/webhook`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ object: 'page', entry: [{ id: '2', messaging: [message] }] }),
    });
    const ask = async (what: string) => (await fetch(`http://127.0.0.1:${port}${what}`)).text();
    let metrics = '';
    while (!metrics.includes('messenger_bot_events_set_aside_total{page="not listed"} 1\n'))
      metrics = await ask('/metrics');
    expect(metrics).not.toMatch(/sending_stopped_seconds\{/);
    expect(JSON.parse(await ask('/state'))).toMatchObject({ pages: [], setAside: { latest: [{ page: '2' }] } });
    await bot.stop();
  });
});

describe('a bot that has started', () => {
  it('says where it listens when it is told to, and whether others may look into its data', async () => {
    const kept = keepingOutput();
    const settings = { ...env('0'), LOG_LEVEL: 'info' };
    chmodSync(settings.DATA_DIR, 0o755);
    const bot = await start(settings, kept.output);
    expect(kept.lines).toEqual([]);
    bot.announce();
    expect(kept.lines.join()).toMatch(new RegExp(`"port":${bot.port},.*webhook is listening[^]*DATA_DIR is open`));
    await bot.stop();
  });
});

describe('secrets that are read again', () => {
  beforeAll(() => {
    nock.restore(); // nock also looks at sockets
  });

  it('are tried with Graph, and used', async () => {
    const graph = await graphStandIn(() => [200, { id: '1', name: 'Page' }]);
    const kept = keepingOutput();
    const settings = { ...env('0'), LOG_LEVEL: 'info', GRAPH_API_URL: graph.url };
    const bot = await start(settings, kept.output);
    await bot.reload(() => ({ ...settings, PAGE_ACCESS_TOKEN: 'another-page-token' }));
    await bot.stop();
    const asked = graph.calls.map(({ path, query }) => [path, query['access_token']]);
    expect(asked.sort()).toEqual([
      ['/me', secrets.PAGE_ACCESS_TOKEN],
      ['/me', 'another-page-token'],
    ]);
    expect(kept.lines.join()).toContain('secrets were replaced');
  });
});

describe('a data folder that is named by the way from where the bot was started', () => {
  it('stays where it is, wherever that is later', async () => {
    const kept = keepingOutput();
    const bot = await start(
      { ...env('0'), LOG_LEVEL: 'info', DATA_DIR: path.relative('.', temporaryFolder()) },
      kept.output,
    );
    await bot.reload(() => ({ ...env('0'), LOG_LEVEL: 'info', DATA_DIR: 'elsewhere' }));
    await bot.stop();
    expect(kept.lines.join()).toMatch(/"needsRestart":\["DATA_DIR"\]/);
  });
});

describe('what operators see', () => {
  beforeAll(() => {
    nock.restore(); // nock also looks at sockets
  });

  it('is there as long as the bot runs, and ends with it', async () => {
    const port = await freePort();
    const settings = { ...env('0'), OPERATIONS_PORT: String(port) };
    const bot = await start(settings, silent);
    const ask = () => fetch(`http://127.0.0.1:${port}/readyz`);
    expect(await (await ask()).json()).toEqual({
      ready: true,
      reasons: [],
      dataDir: settings.DATA_DIR,
    });
    await expect(fetch(`http://127.0.0.2:${port}/healthz`)).rejects.toThrow(); // for this machine, at one address, only
    const read = { sender: { id: '24601' }, timestamp: Date.now(), read: { watermark: 1 } };
    await fetch(`http://127.0.0.1:${bot.port}/webhook`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ object: 'page', entry: [{ id: '1', messaging: [read] }] }),
    });
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('messenger_bot_events_total{channel="messaging",kind="read",outcome="ignored"} 1\n');
    await bot.stop();
    await expect(ask()).rejects.toThrow();
  });

  it('ends where the bot cannot start', async () => {
    const port = await freePort();
    const settings = { ...env('0'), OPERATIONS_PORT: String(port), DATA_DIR: '/dev/null/data' };
    await expect(start(settings, silent)).rejects.toThrow(OperatorError);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  it('is missing, which is said, where its port is taken; the bot runs all the same', async () => {
    const kept = keepingOutput();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const settings = { ...env('0'), LOG_LEVEL: 'info', OPERATIONS_PORT: String(port) };
    const bot = await start(settings, kept.output);
    expect(kept.lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({
        level: 'error',
        port,
        err: { message: expect.stringContaining('EADDRINUSE') as string },
        msg: expect.stringMatching(/^nobody can see how the bot is doing: set OPERATIONS_PORT/) as string,
      }),
    ]);
    expect((await fetch(`http://127.0.0.1:${bot.port}/healthz`)).status).toBe(200);
    await bot.stop();
    other.close();
  });
});

describe('the check of the data', () => {
  beforeAll(() => {
    nock.restore(); // nock also looks at sockets
  });
  const underWay = () => {
    const stop = jest.fn(() => Promise.resolve());
    const never = new Promise<undefined>(() => undefined);
    jest.spyOn(checks, 'checkData').mockReturnValue({ readable: Promise.resolve(), whole: never, stop });
    return stop;
  };

  it('ends with the bot', async () => {
    const stop = underWay();
    const bot = await start(env('0'), silent);
    expect(stop).not.toHaveBeenCalled();
    await bot.stop();
    expect(stop).toHaveBeenCalledTimes(1);
  });

  it('ends where the bot cannot start', async () => {
    const stop = underWay();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(start(env(String(port)), silent)).rejects.toThrow('EADDRINUSE');
    other.close();
    expect(stop).toHaveBeenCalledTimes(1);
  });
});
