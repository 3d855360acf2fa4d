import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

const running: http.Server[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
});

/** Starts a plain HTTP server on a free loopback port; it ends with its test. */
export async function startHttpServer(listener: http.RequestListener): Promise<{ readonly url: string }> {
  const server = http.createServer(listener).listen(0, '127.0.0.1');
  running.push(server);
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
