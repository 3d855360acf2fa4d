import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
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
async function refusingProxy(answer = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n') {
  const seen: string[] = [];
  let open = 0;
  const server = http.createServer((req, res) => {
    seen.push(`${String(req.method)} ${String(req.url)}`);
    res.end();
  });
  server.on('connect', (req, socket) => {
    seen.push(`${String(req.method)} ${String(req.url)} ${JSON.stringify(req.headers)}`);
    open += 1;
    socket.resume().on('end', () => socket.end());
    socket.on('close', () => (open -= 1)).on('error', () => undefined);
    if (answer === 'gone') socket.destroy();
    else if (answer !== '') socket.end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => open,
    close: () => server.close(),
  };
}

describe('a proxy for the Graph API', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'named by %s tunnels, and never sees the token',
    async (name) => {
      const proxy = await refusingProxy();
      process.env[name] = proxy.url;
      await expect(graphAt('https://graph.example').call('/messages', {})).rejects.toMatchObject({
        name: 'GraphConnectionError',
        code: 'PROXY_403',
        mayBeDone: false,
        advice: expect.stringContaining('HTTPS_PROXY') as string,
      });
      proxy.close();
      expect(proxy.seen).toEqual([expect.stringMatching(/^CONNECT graph\.example:443 /)]);
      expect(proxy.seen.join()).not.toContain(token);
    },
  );

  it.each([502, 504])(
    'that answers %d itself has sent nothing on: the call can be made again without harm',
    async (status) => {
      const proxy = await refusingProxy(
        `HTTP/1.1 ${status} No\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno`,
      );
      process.env['HTTPS_PROXY'] = proxy.url;
      const call = graphAt('https://graph.example').call('/messages', {});
      await expect(call).rejects.toMatchObject({ code: `PROXY_${status}`, mayBeDone: false, action: 'retry' });
      proxy.close();
    },
  );

  it('that hangs up is told as no connection', async () => {
    const proxy = await refusingProxy('gone');
    process.env['HTTPS_PROXY'] = proxy.url;
    const call = graphAt('https://graph.example').call('/messages', {});
    await expect(call).rejects.toMatchObject({ code: 'ECONNRESET', mayBeDone: false });
    proxy.close();
  });

  it('that says nothing is given up with the call, and keeps no connection', async () => {
    const proxy = await refusingProxy('');
    process.env['HTTPS_PROXY'] = proxy.url;
    const graph = createGraphApi({
      graphApiUrl: 'https://graph.example',
      graphApiVersion: undefined,
      pageAccessToken: token,
      appSecrets: [],
      timeoutMs: 50,
    });
    await expect(graph.call('/messages', {})).rejects.toMatchObject({ code: 'ETIMEDOUT', mayBeDone: false });
    while (proxy.open() > 0) await new Promise(setImmediate);
    proxy.close();
    expect(proxy.seen).toHaveLength(1);
  });

  it.each([
    'http://',
    'socks5://proxy.example:1080',
    'http://u%er:p%zz@proxy.example',
    'http://a b',
    'http://proxy:port',
  ])('must have an address: %s', (address) => {
    process.env['HTTPS_PROXY'] = address;
    expect(() => agentFor(new URL('https://graph.example'), 1_000)).toThrow(OperatorError);
    expect(() => agentFor(new URL('https://graph.example'), 1_000)).toThrow(/HTTPS_PROXY must be an address/);
  });

  it('may be named without a scheme, and with a user and a password', async () => {
    const proxy = await refusingProxy();
    process.env['HTTPS_PROXY'] = proxy.url.replace('http://', 'me:p%40ss@');
    await expect(graphAt('https://graph.example').call('/messages', {})).rejects.toMatchObject({ code: 'PROXY_403' });
    proxy.close();
    expect(proxy.seen.join()).toContain(Buffer.from('me:p@ss').toString('base64'));
  });

  it('over TLS that hangs up is no more than a call that fails', async () => {
    const proxy = net.createServer((socket) => socket.once('data', () => socket.end()));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    process.env['HTTPS_PROXY'] = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await expect(graphAt('https://graph.example').call('/messages', {})).rejects.toMatchObject({
      name: 'GraphConnectionError',
      code: 'ECONNRESET',
      mayBeDone: false,
    });
    proxy.close();
  });

  it('tunnels to the server whose name is asked for', async () => {
    const graph = await startHttpServer(() => undefined);
    const asked: (string | undefined)[] = [];
    const secure = jest.spyOn(tls, 'connect');
    const proxy = http.createServer();
    proxy.on('connect', (_req, socket) => {
      const through = net.connect(Number(new URL(graph.url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(through).pipe(socket);
      });
      through.on('error', () => undefined);
      socket.on('error', () => undefined);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    process.env['HTTPS_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    // What is behind the tunnel speaks no TLS: the call fails, but only there.
    await expect(graphAt('https://graph.example').call('/messages', {})).rejects.toMatchObject({
      code: expect.stringMatching(/EPROTO|SSL|ECONNRESET/) as string,
    });
    asked.push(...secure.mock.calls.map(([options]) => (options as tls.ConnectionOptions).servername));
    expect(asked).toEqual(['graph.example']);
    proxy.close();
  });

  it('that resets the tunnel it has made is no more than a call that fails', async () => {
    const proxy = http.createServer();
    proxy.on('connect', (_req, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n', () => {
        if (socket instanceof net.Socket) socket.resetAndDestroy();
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    process.env['HTTPS_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await expect(graphAt('https://graph.example').call('/messages', {})).rejects.toMatchObject({
      name: 'GraphConnectionError',
      mayBeDone: false,
    });
    proxy.close();
  });

  it('is not used for what NO_PROXY names', () => {
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
    process.env['NO_PROXY'] = 'graph.example';
    expect(agentFor(new URL('https://graph.example/me'), 1_000).constructor.name).toBe('Secure');
    expect(agentFor(new URL('https://graph.facebook.com/me'), 1_000).constructor.name).toBe('Tunnel');
  });

  it.each(['https://localhost:1', 'https://127.0.0.1:1', 'https://[::1]:1'])(
    'is not used for this machine: %s',
    (url) => {
      process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
      expect(agentFor(new URL(url), 1_000).constructor.name).toBe('Secure');
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
    expect(agentFor(new URL(url), 1_000)).toMatchObject({ keepAlive: true });
    process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
    expect(agentFor(new URL(url), 1_000)).toMatchObject({ keepAlive: true });
  });
});
