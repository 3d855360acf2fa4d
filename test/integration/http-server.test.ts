import { EventEmitter, once } from 'node:events';
import type http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import nock from 'nock';
import { start } from '../../src';
import { temporaryFolder } from '../support/temporary-folder';
import { listen, type ListenOptions } from '../../src/process/http-server';
import { StartError } from '../../src/process/start-error';

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
    await expect(listening).rejects.toThrow(StartError);
    await expect(listening).rejects.toThrow(told);
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
    const answers: http.ServerResponse[] = [];
    const twoSeen = new EventEmitter();
    const server = await listen((_req, res) => {
      answers.push(res);
      if (answers.length === 2) twoSeen.emit('seen');
    }, loopback);
    const socket = net.connect(server.port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => (received += data.toString()));
    const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
    socket.write(get);
    await once(socket, 'connect');
    while (answers.length < 1) await new Promise(setImmediate);
    const closed = server.close();
    const second = once(twoSeen, 'seen');
    socket.write(get);
    await second;
    answers.forEach((res) => res.end());
    await once(socket, 'close');
    expect(received).toContain('Connection: close');
    await closed;
  });
});

describe('start', () => {
  const env = {
    DATA_DIR: path.join(temporaryFolder(), 'data'),
    PAGE_ACCESS_TOKEN: 'page-token',
    VERIFY_TOKEN: 'verify-token',
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'silent',
  };

  it('listens with the settings of the environment, until it is stopped', async () => {
    const bot = await start(env);
    const url = `http://127.0.0.1:${bot.port}/webhook?hub.verify_token=verify-token&hub.challenge=7`;
    expect(await (await fetch(url)).text()).toBe('7');
    await bot.stop();
    await expect(fetch(url)).rejects.toThrow();
  });

  it('fails when the port is taken', async () => {
    const bot = await start(env);
    const other = { ...env, DATA_DIR: temporaryFolder(), PORT: String(bot.port) };
    const refusal = /EADDRINUSE.*stop it, or set PORT to another number/;
    await expect(start(other)).rejects.toThrow(refusal);
    await expect(start(other)).rejects.toThrow(refusal); // the folder was given up again
    await bot.stop();
  });
});
