import type http from 'node:http';
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
});
