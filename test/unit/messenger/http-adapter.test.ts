import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { createServer, type AddressInfo, type Server } from 'node:net';
import nock from 'nock';
import { createGraphApi } from '../../../src/messenger/graph-api';
import { testAuthority } from '../../support/certificates';

describe('a call that must have left by some time', () => {
  beforeAll(() => {
    nock.restore(); // it makes connections of its own
  });

  const graphAt = (server: Server, timeoutMs = 1_000) => {
    const graphApiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return createGraphApi({ graphApiUrl, graphApiVersion: undefined, pageAccessToken: 't', appSecrets: [], timeoutMs });
  };

  const startGraph = async () => {
    const seen: string[] = [];
    const server = http.createServer((req, res) => {
      seen.push(String(req.url));
      res.setHeader('Content-Type', 'application/json').end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const close = () => {
      server.close();
      server.closeAllConnections();
    };
    return { server, seen, close };
  };

  it('is not sent after it, over a new connection as over one that is kept', async () => {
    const { server, seen, close } = await startGraph();
    const graph = graphAt(server);
    const late = { name: 'GraphConnectionError', code: 'ETIMEDOUT', mayBeDone: false };
    await expect(graph.call('/messages', { n: 1 }, performance.now())).rejects.toMatchObject(late);
    await expect(graph.call('/messages', { n: 2 }, performance.now() + 1_000)).resolves.toEqual({});
    await expect(graph.call('/messages', { n: 3 }, performance.now())).rejects.toMatchObject(late);
    await expect(graph.call('/messages', { n: 4 })).resolves.toEqual({});
    expect(seen).toHaveLength(2);
    close();
  });

  it('is not sent when the process stood still while the connection was made', async () => {
    const { server, seen, close } = await startGraph();
    const call = graphAt(server).call('/messages', {}, performance.now() + 50);
    await new Promise((resolve) => setImmediate(resolve)); // it has begun
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100); // nothing runs meanwhile
    await expect(call).rejects.toMatchObject({ code: 'ETIMEDOUT', mayBeDone: false });
    await expect(graphAt(server).call('/take_thread_control', {})).resolves.toEqual({});
    expect(seen).toEqual(['/me/take_thread_control?access_token=t']);
    close();
  });

  it('has its answer where that came while the process stood still for longer than it may take', async () => {
    const server = http.createServer((_req, res) => {
      res.setHeader('Content-Type', 'application/json').end('{"message_id":"m"}', () => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await expect(graphAt(server, 200).call('/messages', {})).resolves.toEqual({ message_id: 'm' });
    server.close();
    server.closeAllConnections();
  });

  it('gives a connection up that is not made in time', async () => {
    const server = createServer(); // it never says a word of TLS
    const ended = new Promise((resolve) =>
      server.once('connection', (socket) => socket.on('error', resolve).resume().on('close', resolve)),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const graphApiUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = { graphApiUrl, graphApiVersion: undefined, pageAccessToken: 't', appSecrets: [], timeoutMs: 50 };
    await expect(createGraphApi(options).call('/messages', {})).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await ended;
    server.close();
  });

  it('is made over TLS only when the connection is there, and the connection is kept for the next one', async () => {
    const { cert, key } = testAuthority().selfSigned('graph', 'localhost');
    const { createConnection } = https.Agent.prototype as unknown as { createConnection: (options: object) => Duplex };
    jest
      .spyOn(https.Agent.prototype as unknown as { createConnection: (options: object) => Duplex }, 'createConnection')
      .mockImplementation(function (this: https.Agent, options) {
        return createConnection.call(this, { ...options, rejectUnauthorized: false });
      });
    const ports = new Set<number | undefined>();
    const server = https.createServer({ cert, key }, (req, res) => {
      ports.add(req.socket.remotePort);
      res.setHeader('Content-Type', 'application/json').end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const graphApiUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const graph = createGraphApi({ graphApiUrl, graphApiVersion: undefined, pageAccessToken: 't', appSecrets: [] });
    const late = graph.call('/messages', {}, performance.now() + 1);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    await expect(late).rejects.toMatchObject({ code: 'ETIMEDOUT', mayBeDone: false });
    expect(ports.size).toBe(0);
    await expect(graph.call('/messages', {}, performance.now() + 5_000)).resolves.toEqual({});
    await expect(graph.call('/messages', {})).resolves.toEqual({});
    expect(ports.size).toBe(1);
    server.close();
    server.closeAllConnections();
  });
});
