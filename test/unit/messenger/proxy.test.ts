import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import https from 'node:https';
import { HttpsProxyAgent } from 'https-proxy-agent';
import nock from 'nock';
import { createGraphApi } from '../../../src/messenger/graph-api';
import { agentFor } from '../../../src/messenger/proxy';
import { OperatorError } from '../../../src/process/operator-error';
import { startHttpServer } from '../../support/http-server';

const names = [
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
];
const before = { ...process.env };
const token = 'EAAsecrettoken';
const graphAt = (graphApiUrl: string) =>
  createGraphApi({ graphApiUrl, graphApiVersion: undefined, pageAccessToken: token, appSecrets: [] });

beforeAll(() => {
  nock.restore(); // these tests look at connections themselves
});
beforeEach(() => {
  for (const name of names) Reflect.deleteProperty(process.env, name);
});
afterEach(() => {
  for (const name of names) {
    if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before[name];
  }
});

/** A proxy that tunnels for nobody, and notes what it is asked for. */
async function refusingProxy() {
  const seen: string[] = [];
  const server = http.createServer((req, res) => {
    seen.push(`${String(req.method)} ${String(req.url)}`);
    res.end();
  });
  server.on('connect', (req, socket) => {
    seen.push(`${String(req.method)} ${String(req.url)} ${JSON.stringify(req.headers)}`);
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

describe('a proxy for the Graph API', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'named by %s tunnels, and never sees the token',
    async (name) => {
      const proxy = await refusingProxy();
      process.env[name] = proxy.url;
      await expect(graphAt('https://graph.example').call('/messages', {})).rejects.toMatchObject({
        httpStatus: 403,
        kind: 'not_graph',
        advice: expect.stringContaining('HTTPS_PROXY') as string,
      });
      proxy.close();
      expect(proxy.seen).toEqual([expect.stringMatching(/^CONNECT graph\.example:443 /)]);
      expect(proxy.seen.join()).not.toContain(token);
    },
  );

  it.each(['http://', 'http://a b', 'http://proxy:port'])('must have an address: %s', (address) => {
    process.env['HTTPS_PROXY'] = address;
    expect(() => agentFor(new URL('https://graph.example'))).toThrow(OperatorError);
    expect(() => agentFor(new URL('https://graph.example'))).toThrow(/HTTPS_PROXY must be an address/);
  });

  it('is not used for what NO_PROXY names', () => {
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
    process.env['NO_PROXY'] = 'graph.example';
    expect(agentFor(new URL('https://graph.example/me'))).toBeInstanceOf(https.Agent);
    expect(agentFor(new URL('https://graph.facebook.com/me'))).toBeInstanceOf(HttpsProxyAgent);
  });

  it.each(['https://localhost:1', 'https://127.0.0.1:1', 'https://[::1]:1'])(
    'is not used for this machine: %s',
    (url) => {
      process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
      expect(agentFor(new URL(url))).toBeInstanceOf(https.Agent);
    },
  );

  it('is not used for plain HTTP, where it would read the token', async () => {
    const proxy = await refusingProxy();
    const graph = await startHttpServer((_req, res) => {
      res.setHeader('Content-Type', 'application/json').end('{"success":true}');
    });
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) process.env[name] = proxy.url;
    expect(await graphAt(graph.url).call('/messages', {})).toEqual({ success: true });
    proxy.close();
    expect(proxy.seen).toEqual([]);
  });

  it.each(['http://graph.example', 'https://graph.example'])('or not, connections are kept open: %s', (url) => {
    expect(agentFor(new URL(url))).toMatchObject({ keepAlive: true });
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
    expect(agentFor(new URL(url))).toMatchObject({ keepAlive: true });
  });
});
