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

  it.each(['', '{"broken', '[]', 'null', '<odd>'])(
    'does not take %p for an answer to a question: it may be asked again',
    async (body) => {
      const server = await startHttpServer((_req, res) => {
        res.writeHead(200, { 'Content-Type': 'application/json', 'x-fb-debug': 'abc' }).end(body);
      });
      await expect(api(server.url).get('/thread_owner', {})).rejects.toMatchObject({
        message: 'Graph refused /thread_owner (HTTP 200, code none): the answer is not in the form of a Graph answer',
        retryable: true,
      });
    },
  );

  it('does not take an answer to a question that breaks off for an empty one', async () => {
    const server = await startHttpServer((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 }).write('{');
      setImmediate(() => res.destroy());
    });
    await expect(api(server.url).get('/thread_owner', {})).rejects.toMatchObject({
      name: 'GraphConnectionError',
      code: 'ECONNRESET',
      retryable: true,
    });
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

  it.each<[string, number, http.OutgoingHttpHeaders, string, string]>([
    ['a redirect, though it is JSON', 300, { 'Content-Type': 'application/json' }, '{}', 'not_graph'],
    ['an answer without a final status, though it is JSON', 304, { 'x-fb-debug': 'a' }, '', 'not_graph'],
    ['a text', 500, { 'Content-Type': 'application/json' }, '"text"', 'temporary'],
    ['null, in plain words', 200, { 'Content-Type': 'text/plain' }, 'null', 'not_graph'],
    ['a number, in plain words', 200, { 'Content-Type': 'text/plain' }, '5', 'not_graph'],
    ['a list, in plain words', 200, { 'Content-Type': 'text/plain' }, '[]', 'not_graph'],
  ])('does not take for a success %s (%d)', async (_what, status, headers, body, kind) => {
    const server = await startHttpServer((req, res) => {
      req.resume().on('end', () => res.writeHead(status, headers).end(body));
    });
    await expect(api(server.url).call('/messages', {})).rejects.toMatchObject({ name: 'GraphApiError', kind });
  });

  it('takes a JSON object for a success, whatever it is called', async () => {
    const server = await startHttpServer((req, res) => {
      req.resume().on('end', () => res.writeHead(200, { 'Content-Type': 'text/plain' }).end('{"message_id":"m"}'));
    });
    await expect(api(server.url).call('/messages', {})).resolves.toEqual({ message_id: 'm' });
  });

  it.each([300, 500])('does not take an error whose body breaks off for a success (%d)', async (status) => {
    const server = await startHttpServer((req, res) => {
      req.resume().on('end', () => {
        res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': 100 }).write('{');
        setImmediate(() => res.destroy());
      });
    });
    await expect(api(server.url).call('/messages', {})).rejects.toMatchObject({ name: 'GraphConnectionError' });
  });

  it('says what it sends and what it wants, and sends a body only where there is one', async () => {
    const seen: [string | undefined, http.IncomingHttpHeaders][] = [];
    const server = await startHttpServer((req, res) => {
      seen.push([req.method, req.headers]);
      req.resume().on('end', () => res.end('{}'));
    });
    await api(server.url).call('/messages', { a: 'ä' });
    await api(server.url).get('/thread_owner', {});
    const json = { accept: 'application/json', 'content-type': 'application/json' };
    expect(seen).toEqual([
      ['POST', expect.objectContaining({ ...json, 'content-length': '10' })],
      ['GET', expect.objectContaining(json)],
    ]);
    expect(seen[1]?.[1]).not.toHaveProperty('content-length');
    expect(seen[1]?.[1]).not.toHaveProperty('transfer-encoding');
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
