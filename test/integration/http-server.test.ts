import { EventEmitter, once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import nock from 'nock';
import { start } from '../../src';
import { keepingOutput } from '../support/log-output';
import { signal } from '../support/signal';
import { temporaryFolder } from '../support/temporary-folder';
import { listen, type HttpServer, type ListenOptions } from '../../src/process/http-server';
import { OperatorError } from '../../src/process/operator-error';

const { output: silent } = keepingOutput();

const loopback = { port: 0, host: '127.0.0.1' };

beforeAll(() => {
  nock.restore(); // these tests look at connections themselves
});

async function answerTo(text: string, options: Partial<ListenOptions>): Promise<string> {
  const server = await listen((req, res) => req.resume().on('end', () => res.end()), { ...loopback, ...options });
  const socket = net.connect(server.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += data.toString()));
  socket.write(text);
  await once(socket, 'close');
  await server.close();
  return answer;
}

describe('what cannot be listened on', () => {
  it.each([
    ['a port below 1024', 'EACCES', /EACCES.*set PORT to a number above 1023/],
    ['an address of another machine', 'EADDRNOTAVAIL', /EADDRNOTAVAIL.*HOST is no address of this machine/],
    ['an unknown name', 'ENOTFOUND', /ENOTFOUND.*HOST is not known/],
    ['anything else', 'EODD', /EODD.*PORT and HOST/],
  ])('is told with its remedy: %s', async (_what, code, told) => {
    jest.spyOn(net.Server.prototype, 'listen').mockImplementationOnce(function (this: net.Server) {
      process.nextTick(() => this.emit('error', Object.assign(new Error(`listen ${code}`), { code })));
      return this;
    });
    const listening = listen(() => undefined, loopback);
    await expect(listening).rejects.toThrow(OperatorError);
    await expect(listening).rejects.toThrow(told);
    await expect(listening).rejects.toMatchObject({ cause: { code } });
  });
});

describe('a socket of the system', () => {
  it('that is no listening one is told with its remedy', async () => {
    const file = openSync(__filename, 'r');
    const listening = listen(() => undefined, { ...loopback, socket: { fd: file } });
    await expect(listening).rejects.toThrow(OperatorError);
    await expect(listening).rejects.toThrow(/cannot listen on the socket of the system \(.*ListenStream=/);
    closeSync(file);
  });

  it('that is a local one is given up again, and told with its remedy', async () => {
    jest.spyOn(net.Server.prototype, 'address').mockReturnValue('/run/bot.sock');
    const close = jest.spyOn(http.Server.prototype, 'close');
    await expect(listen(() => undefined, loopback)).rejects.toThrow(/not one of the network.*ListenStream=/);
    expect(close).toHaveBeenCalledTimes(1);
  });
});

describe('slow clients', () => {
  const fast = { headersTimeout: 20, requestTimeout: 40, connectionsCheckingInterval: 10 };

  it('are cut off when their headers do not come to an end', async () => {
    expect(await answerTo('GET /webhook HTTP/1.1\r\nHost: x\r\nX-Slow: ', { timeouts: fast })).toMatch(
      /^HTTP\/1\.1 408/,
    );
  });

  it('are cut off when their body does not come to an end', async () => {
    const slow = 'POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"object":';
    expect(await answerTo(slow, { timeouts: fast })).toMatch(/^HTTP\/1\.1 408/);
  });
});

describe('closing', () => {
  it('lets a running request finish and then ends its kept connection', async () => {
    let answer: () => void = () => undefined;
    let seen: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (seen = resolve));
    const server = await listen((_req, res) => {
      answer = () => res.end('done');
      seen();
    }, loopback);
    const response = fetch(`http://127.0.0.1:${server.port}/`);
    await arrived;
    const closed = server.close();
    answer();
    expect(await (await response).text()).toBe('done');
    await expect(closed).resolves.toBeUndefined();
  });

  it('asks clients that still send to come back on a new connection', async () => {
    const server = await listen((_req, res) => res.end('done'), loopback);
    const socket = net.connect(server.port, '127.0.0.1');
    const answer = async () => String(((await once(socket, 'data')) as [Buffer])[0]);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT');
    expect(await answer()).toContain('Connection: keep-alive');
    let rest: () => void = () => undefined;
    const closed = server.close(new Promise<void>((resolve) => (rest = resolve)));
    socket.write('TP/1.1\r\nHost: x\r\n\r\n');
    expect(await answer()).toContain('Connection: close');
    rest();
    await closed;
  });
});

describe('the end of a server', () => {
  const question = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

  async function connected(server: HttpServer) {
    const socket = net.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    return {
      socket,
      asks: async () => {
        socket.write(question);
        return String(((await once(socket, 'data')) as [Buffer])[0]);
      },
    };
  }

  it('takes new connections until everything is at rest, and none after that', async () => {
    const server = await listen((_req, res) => res.end('done'), loopback);
    const rest = signal();
    const closed = server.close(rest.sent);
    const late = await connected(server);
    expect(await late.asks()).toMatch(/^HTTP\/1\.1 200[^]*Connection: close/);
    rest.send();
    await closed;
    await expect(connected(server)).rejects.toThrow('ECONNREFUSED');
  });

  it.each([
    ['has just connected', false],
    ['keeps a connection', true],
  ])('leaves whoever %s the time for a last request', async (_who, hasAsked) => {
    const server = await listen((_req, res) => res.end('done'), loopback);
    const client = await connected(server);
    if (hasAsked) expect(await client.asks()).toContain('Connection: keep-alive');
    const closing = jest.spyOn(net.Server.prototype, 'close');
    const closed = server.close();
    while (closing.mock.calls.length === 0) await new Promise(setImmediate);
    await expect(connected(server)).rejects.toThrow('ECONNREFUSED');
    expect(await client.asks()).toMatch(/^HTTP\/1\.1 200[^]*Connection: close/);
    const start = performance.now();
    await closed; // there is nobody left to wait for
    expect(performance.now() - start).toBeLessThan(250);
  });

  it('waits no longer than a second for somebody who says nothing', async () => {
    const server = await listen((_req, res) => res.end('done'), loopback);
    const [silent, kept] = [await connected(server), await connected(server)];
    await kept.asks();
    silent.socket.on('error', () => undefined);
    const start = performance.now();
    await server.close();
    expect(performance.now() - start).toBeGreaterThan(400);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('a client that sends before it has its answer', () => {
  it('is cut off: thousands of requests in one packet would fill the memory', async () => {
    let requests = 0;
    const server = await listen(() => (requests += 1), loopback);
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined); // it may be reset
    const gone = new Promise((resolve) => socket.resume().on('close', resolve));
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2_000));
    await gone;
    expect(requests).toBe(1);
    const start = performance.now();
    await server.close();
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('a client that does not read its answer', () => {
  it('does not hold up the end', async () => {
    const seen = new EventEmitter();
    const server = await listen((req, res) => {
      req.resume().on('end', () => {
        res.end('x'.repeat(20 * 1024 * 1024)); // more than the system takes
        seen.emit('answered');
      });
    }, loopback);
    const answered = once(seen, 'answered');
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await answered;
    await server.close();
    socket.destroy();
  });
});

describe('a client that holds its connection', () => {
  it.each([
    ['without a word', ''],
    ['in the middle of the headers', 'POST / HTTP/1.1\r\nHost: x\r\nX-Half'],
    ['in the middle of a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf'],
  ])('%s is cut off once everything else is at rest', async (_where, words) => {
    let requests = 0;
    const server = await listen(() => (requests += 1), loopback);
    const socket = net.connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(words);
    while (words.includes('half') && requests === 0) await new Promise(setImmediate);
    socket.on('error', () => undefined); // it may be reset
    const gone = new Promise((resolve) => socket.resume().on('close', resolve));
    const cut = jest.spyOn(http.Server.prototype, 'closeAllConnections');
    let rest: () => void = () => undefined;
    const closed = server.close(new Promise<void>((resolve) => (rest = resolve)));
    await new Promise(setImmediate);
    expect(cut).not.toHaveBeenCalled();
    rest();
    await closed;
    await gone;
    expect(cut).toHaveBeenCalledTimes(1);
  });

  it('and has asked for something gets its answer first, also one that takes longer than the end otherwise', async () => {
    let answer: () => void = () => undefined;
    const seen = new EventEmitter();
    const server = await listen((req, res) => {
      answer = () => res.end('done');
      req.resume().on('end', () => seen.emit('whole'));
    }, loopback);
    const whole = once(seen, 'whole');
    const response = fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: 'all of it' });
    await whole;
    const closed = server.close(Promise.resolve());
    setTimeout(answer, 700);
    expect(await (await response).text()).toBe('done');
    await closed;
  });
});

describe('the limits', () => {
  it('are 10 s for the headers, 20 s for the whole, 75 s for a kept connection, 30 s for one that stands still', async () => {
    const create = jest.spyOn(http, 'createServer');
    const server = await listen(() => undefined, loopback);
    expect((create.mock.results[0]?.value as http.Server).timeout).toBe(30_000);
    expect(create.mock.calls[0]?.[0]).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 2_000,
    });
    await server.close();
  });
});

describe('start', () => {
  const env = {
    DATA_DIR: path.join(temporaryFolder(), 'data'),
    PAGE_ACCESS_TOKEN: 'page-token',
    VERIFY_TOKEN: 'verify-token',
    PORT: '0',
    OPERATIONS_PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'silent',
  };

  it('listens with the settings of the environment, until it is stopped', async () => {
    const bot = await start(env, silent);
    const url = `http://127.0.0.1:${bot.port}/webhook?hub.verify_token=verify-token&hub.challenge=7`;
    expect(await (await fetch(url)).text()).toBe('7');
    await bot.stop();
    await expect(fetch(url)).rejects.toThrow();
  });

  it('fails when the port is taken', async () => {
    const bot = await start(env, silent);
    const other = { ...env, DATA_DIR: temporaryFolder(), PORT: String(bot.port) };
    const refusal = /EADDRINUSE.*stop it, or set PORT to another number/;
    await expect(start(other, silent)).rejects.toThrow(refusal);
    await expect(start(other, silent)).rejects.toThrow(refusal); // the folder was given up again
    await bot.stop();
  });
});
