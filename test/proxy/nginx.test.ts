import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import nock from 'nock';
import { secrets, sign } from '../support/bot';
import { bodyOf, eventOf, fixtureOfNow } from '../support/fixtures';
import { startHttpServer } from '../support/http-server';
import { countingGraph, startServer } from '../support/started-server';
import { HOST, ask, type Answer, type Ask } from './client';
import { startNginx } from './nginx';

jest.setTimeout(60_000);

beforeAll(() => {
  nock.restore(); // everything here is real
});

/** The built bot behind a real nginx. */
async function botBehindNginx() {
  const graph = await countingGraph();
  const server = await startServer(graph.url);
  const nginx = await startNginx(server.port);
  return { graph, server, nginx, ...asking(nginx) };
}

/** A server of the test behind a real nginx: what reaches it? */
async function recorderBehindNginx() {
  const requests: IncomingMessage[] = [];
  const { url } = await startHttpServer((req, res) => {
    requests.push(req);
    req.resume().on('end', () => res.end('OK'));
  });
  const nginx = await startNginx(Number(new URL(url).port));
  return { requests, nginx, ...asking(nginx) };
}

function asking({ port, ca }: { readonly port: number; readonly ca: string }) {
  const get = (path: string) => ask({ port, ca, path });
  const post = (body: string | Buffer, more: Partial<Ask> = {}): Promise<Answer> => {
    const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(body), ...more.headers };
    return ask({ port, ca, path: '/webhook', method: 'POST', body, ...more, headers });
  };
  return { get, post };
}

describe('behind the shipped nginx', () => {
  it('the webhook is verified over TLS with the whole chain, and no log names the verify token', async () => {
    const { get, nginx, server } = await botBehindNginx();
    const query = `hub.mode=subscribe&hub.verify_token=${secrets.VERIFY_TOKEN}&hub.challenge=42`;
    expect(await get(`/webhook?${query}`)).toMatchObject({ status: 200, body: '42' });
    expect(await get('/webhook?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=42')).toMatchObject({
      status: 403,
    });
    server.kill('SIGKILL');
    await server.ended;
    expect(await get(`/webhook?${query}`)).toMatchObject({ status: 502 });
    const log = await nginx.accessLog(3);
    expect(log).toMatch(/^127\.0\.0\.1 \[\S+\] "GET \/webhook HTTP\/1\.1" 200 /);
    expect(log + nginx.errorLog()).not.toMatch(/hub\.|verify/);
  });

  it('a signed conversation comes through byte by byte, with its escapes', async () => {
    const { post, graph } = await botBehindNginx();
    const steps: [string, number][] = [
      ['message-unicode', 1],
      ['quick-reply-pass-to-inbox', 3],
      ['pass-thread-control-done', 4],
      ['standby-quick-reply-take-from-inbox', 6],
    ];
    for (const [fixture, calls] of steps) {
      const text = fixtureOfNow(fixture);
      expect(await post(text)).toMatchObject({ status: 200, body: 'OK' });
      await graph.got(calls);
    }
    expect(fixtureOfNow('message-unicode')).toContain('\\u');
    expect(graph.calls.map(({ path }) => path)).toEqual([
      '/me/messages',
      '/me/messages',
      '/me/pass_thread_control',
      '/me/messages',
      '/me/take_thread_control',
      '/me/messages',
    ]);
  });

  it('a large body comes through, one of more than 5 MiB is answered 413, and the bot does not see it', async () => {
    const { post, requests } = await recorderBehindNginx();
    expect(await post('x'.repeat(5 * 1024 * 1024))).toMatchObject({ status: 200 });
    expect(await post('x'.repeat(5 * 1024 * 1024 + 1))).toMatchObject({ status: 413 });
    expect(requests).toHaveLength(1);
  });

  it('the bot learns the address of the client, not what it claims, on connections that are kept', async () => {
    const { post, requests } = await recorderBehindNginx();
    const headers = { 'X-Forwarded-For': '192.0.2.7', Connection: 'close' };
    for (let n = 0; n < 3; n += 1) expect(await post('{}', { headers })).toMatchObject({ status: 200 });
    await post('{}', { localAddress: '127.0.0.9' });
    expect(requests.map((request) => request.headers['x-forwarded-for'])).toEqual([
      '127.0.0.1',
      '127.0.0.1',
      '127.0.0.1',
      '127.0.0.9',
    ]);
    expect(requests[0]?.headers).toMatchObject({ host: HOST, 'x-forwarded-proto': 'https' });
    expect(new Set(requests.map(({ socket }) => socket.remotePort)).size).toBe(1);
  });

  it('nothing but the webhook can be reached from outside', async () => {
    const { get, requests } = await recorderBehindNginx();
    const others = ['/', '/healthz', '/readyz', '/metrics', '/state', '/webhook/', '/webhook/..', '/verification'];
    for (const path of [...others, '//webhook/x']) {
      const { status, headers } = await get(path);
      expect([path, status, headers['server']]).toEqual([path, 404, 'nginx']); // without its version
    }
    expect(requests).toEqual([]);
  });

  it('port 80 sends on to TLS, and answers who checks the name', async () => {
    const { nginx, requests } = await recorderBehindNginx();
    const plain = await fetch(`http://127.0.0.1:${nginx.plainPort}/webhook?a=b`, { redirect: 'manual' });
    expect([plain.status, plain.headers.get('location')]).toEqual([301, `https://${HOST}/webhook?a=b`]);
    const challenge = await fetch(`http://127.0.0.1:${nginx.plainPort}/.well-known/acme-challenge/x`);
    expect(challenge.status).toBe(404); // looked for, and not sent on
    expect(await nginx.accessLog(2)).not.toContain('a=b');
    expect(requests).toEqual([]);
  });

  it('old protocols are refused', async () => {
    const { nginx } = await recorderBehindNginx();
    const options = { port: nginx.port, host: '127.0.0.1', servername: HOST, ca: nginx.ca };
    const old = tls.connect({ ...options, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' });
    await expect(once(old, 'secureConnect')).rejects.toThrow(/alert protocol version|wrong version/);
  });

  it('who is slow is cut off after 10 seconds, in the headers and in the body, and never reaches the bot', async () => {
    const { nginx, requests } = await recorderBehindNginx();
    const start = performance.now();
    const untilCut = async (words: string, goOn: string): Promise<number> => {
      const socket = tls.connect({ port: nginx.port, host: '127.0.0.1', servername: HOST, ca: nginx.ca });
      socket.on('error', () => undefined); // it may be reset
      const closed = new Promise((resolve) => socket.resume().once('close', resolve));
      await once(socket, 'secureConnect');
      socket.write(words);
      const dripping = goOn && setInterval(() => socket.write(goOn), 1_000);
      await closed;
      if (dripping) clearInterval(dripping);
      return performance.now() - start;
    };
    const head = `POST /webhook HTTP/1.1\r\nHost: ${HOST}\r\n`;
    const times = await Promise.all([
      untilCut(head, 'X-Slow: 1\r\n'),
      untilCut(`${head}Content-Length: 1000\r\n\r\n{"half":`, ''),
    ]);
    for (const time of times) {
      expect(time).toBeGreaterThan(9_000);
      expect(time).toBeLessThan(13_000);
    }
    expect((await nginx.accessLog(2)).match(/" 408 /g)).toHaveLength(2);
    expect(requests).toEqual([]);
  });

  it('a flood of unsigned requests from one address does not delay signed events from others', async () => {
    const { post, graph, nginx } = await botBehindNginx();
    const forged = fixtureOfNow('message-text');
    const flood = new Agent({ keepAlive: true, maxSockets: 100, localAddress: '127.0.0.66' });
    const statuses = new Map<number | undefined, number>();
    let flooding = true;
    const throwOn = async () => {
      while (flooding) {
        const { status } = await post(forged, { agent: flood, headers: { 'X-Hub-Signature-256': 'sha256=00' } });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const throwers = Array.from({ length: 100 }, throwOn);
    const times: number[] = [];
    for (let n = 0; n < 60 || !statuses.has(503); n += 1) {
      const message = { mid: `m_${n}`, text: 'hello' };
      const body = JSON.stringify(bodyOf(eventOf({ message }, Date.now(), `person-${n}`)));
      const start = performance.now();
      expect(await post(body)).toMatchObject({ status: 200 });
      times.push(performance.now() - start);
    }
    flooding = false;
    await Promise.all(throwers);
    flood.destroy();
    expect(Math.max(...times)).toBeLessThan(5_000); // the platform waits no longer
    expect([...statuses.keys()].sort()).toEqual([401, 503]); // by the bot; by nginx, once it is too much
    await graph.got(times.length);
    expect(nginx.errorLog()).toContain('limiting requests');
  });

  it('as many events as a Page can have come through from one address, in a burst', async () => {
    const { post } = await recorderBehindNginx();
    const agent = new Agent({ keepAlive: true, maxSockets: 250 });
    const burst = await Promise.all(Array.from({ length: 1_500 }, () => post('{}', { agent })));
    expect(burst.filter(({ status }) => status !== 200)).toEqual([]);
    agent.destroy();
  });

  it('a POST on a connection that the bot closes is sent again', async () => {
    let connections = 0;
    let requests = 0;
    const rude = net.createServer((socket) => {
      connections += 1;
      const isFirst = connections === 1;
      socket
        .on('error', () => undefined)
        .on('data', () => {
          requests += 1;
          if (isFirst && requests > 1) socket.resetAndDestroy();
          else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK');
        });
    });
    rude.listen(0, '127.0.0.1');
    await once(rude, 'listening');
    const nginx = await startNginx((rude.address() as net.AddressInfo).port);
    const { post } = asking(nginx);
    expect(await post('{}')).toMatchObject({ status: 200 });
    expect(await post('{}')).toMatchObject({ status: 200, body: 'OK' });
    expect([connections, requests]).toEqual([2, 3]);
    rude.close();
  });
});
