import type http from 'node:http';
import https from 'node:https';
import nock from 'nock';
import { createGraphApi } from '../../../src/messenger/graph-api';
import { startHttpServer } from '../../support/http-server';

const api = (graphApiUrl: string, timeoutMs?: number) =>
  createGraphApi({
    graphApiUrl,
    graphApiVersion: undefined,
    pageAccessToken: 'page-token',
    appSecrets: [],
    ...(timeoutMs !== undefined && { timeoutMs }),
  });

// nock stands between axios and its connections, also where it lets a call through
beforeAll(() => {
  nock.restore();
});

describe('the connection', () => {
  it('gives up when no answer comes in time', async () => {
    const server = await startHttpServer(() => undefined);
    const call = api(server.url, 30).call('/messages', {});
    await expect(call).rejects.toMatchObject({ name: 'GraphConnectionError', code: 'ETIMEDOUT' });
  });

  it('gives up when an answer trickles in for ever', async () => {
    const trickles: NodeJS.Timeout[] = [];
    const server = await startHttpServer((_req, res) => {
      res.write('{');
      trickles.push(setInterval(() => res.write(' '), 5));
    });
    const call = api(server.url, 60).call('/messages', {});
    await expect(call).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    trickles.forEach((trickle) => {
      clearInterval(trickle);
    });
  });

  it('is kept for the next call', async () => {
    const sockets = new Set<http.IncomingMessage['socket']>();
    const server = await startHttpServer((req, res) => {
      sockets.add(req.socket);
      req.resume().on('end', () => res.end('{}'));
    });
    const graph = api(server.url);
    await graph.call('/messages', {});
    await graph.call('/messages', {});
    expect(sockets.size).toBe(1);
  });

  it('is kept over TLS, too', async () => {
    const request = jest.spyOn(https, 'request');
    await expect(api('https://127.0.0.1:9').call('/messages', {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const { agent } = request.mock.calls[0]?.[0] as https.RequestOptions;
    expect(agent).toBeInstanceOf(https.Agent);
    expect(agent).toMatchObject({ keepAlive: true });
  });

  it.each<[string, http.RequestListener, boolean]>([
    ['breaks after the request was written', (req) => req.socket.destroy(), true],
    ['never comes', () => undefined, true],
  ])('tells that a message may have been sent when the answer %s', async (_what, answer, mayBeDone) => {
    const server = await startHttpServer(answer);
    await expect(api(server.url, 60).call('/messages', {})).rejects.toMatchObject({ mayBeDone });
    await expect(api(server.url, 60).call('/take_thread_control', {})).rejects.toMatchObject({ mayBeDone: false });
  });

  it('tells that a message was not sent when there was no connection', async () => {
    const call = api('http://127.0.0.1:9').call('/messages', {});
    await expect(call).rejects.toMatchObject({ mayBeDone: false, code: 'ECONNREFUSED' });
  });

  it.each<[string, http.OutgoingHttpHeaders]>([
    ['JSON', { 'Content-Type': 'application/json' }],
    ['JavaScript, as Graph calls it', { 'Content-Type': 'text/javascript; charset=UTF-8' }],
    ["Graph's own headers", { 'x-fb-debug': 'abc' }],
  ])('takes a success for one whatever has become of its body, by %s', async (_what, headers) => {
    const bodies = ['', '{"broken', '[]', 'null', '<odd>'];
    const server = await startHttpServer((req, res) => {
      req.resume().on('end', () => res.writeHead(200, headers).end(bodies.shift()));
    });
    const graph = api(server.url);
    for (let left = bodies.length; left > 0; left -= 1) await expect(graph.call('/messages', {})).resolves.toEqual({});
  });

  it('takes a success whose body breaks off for one', async () => {
    const server = await startHttpServer((req, res) => {
      req.resume().on('end', () => {
        res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 }).write('{');
        setImmediate(() => res.destroy());
      });
    });
    await expect(api(server.url).call('/messages', {})).resolves.toEqual({});
  });

  it.each<[string, number, http.OutgoingHttpHeaders, string, boolean]>([
    ['nothing at all', 204, {}, '', true],
    ['an empty body', 200, {}, '', true],
    ['plain words', 200, { 'Content-Type': 'text/plain' }, 'OK', true],
    ['a page', 200, { 'Content-Type': 'text/html; charset=utf-8' }, 'Log in', false],
    ['a page that does not say so', 200, {}, ' <!doctype html>', false],
  ])('tells whether a success may hide behind %s (%d)', async (_what, status, headers, body, mayBeDone) => {
    const server = await startHttpServer((req, res) => {
      req.resume().on('end', () => res.writeHead(status, headers).end(body));
    });
    const refused = { kind: 'not_graph', action: 'retry' };
    await expect(api(server.url).call('/messages', {})).rejects.toMatchObject({ ...refused, mayBeDone });
    const control = api(server.url).call('/pass_thread_control', {});
    await expect(control).rejects.toMatchObject({ ...refused, mayBeDone: false });
  });

  it("does not take a proxy's page for Graph's answer, with whatever status", async () => {
    const statuses = [200, 404];
    const server = await startHttpServer((req, res) => {
      req.resume().on('end', () => {
        res.writeHead(statuses.shift() ?? 200, { 'Content-Type': 'text/html' }).end('<html></html>');
      });
    });
    const graph = api(server.url);
    await expect(graph.call('/messages', {})).rejects.toMatchObject({ kind: 'not_graph' });
    await expect(graph.call('/messages', {})).rejects.toMatchObject({ kind: 'not_graph' });
  });

  it('reads at most a mebibyte, and takes 10 seconds at most', async () => {
    const sizes = [1024 * 1024, 1024 * 1024 + 1];
    const server = await startHttpServer((req, res) => {
      req.resume().on('end', () => res.writeHead(400).end(' '.repeat(sizes.shift() ?? 0)));
    });
    const graph = api(server.url);
    await expect(graph.call('/messages', {})).rejects.toMatchObject({ name: 'GraphApiError' });
    await expect(graph.call('/messages', {})).rejects.toMatchObject({ code: 'ERR_TOO_LARGE' });

    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const silent = await startHttpServer(() => undefined);
    const call = api(silent.url).call('/messages', {});
    const outcome = call.catch((error: unknown) => error);
    let isOver = false;
    void outcome.then(() => (isOver = true));
    jest.advanceTimersByTime(9_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    jest.advanceTimersByTime(1);
    jest.useRealTimers();
    expect(await outcome).toMatchObject({ code: 'ETIMEDOUT' });
  });
});
