import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import nock from 'nock';
import { makeBot, post, secrets, sign } from '../support/bot';
import { fixtureText } from '../support/fixtures';

const MEBIBYTE = 1024 * 1024;
const signed = { APP_SECRET: secrets.APP_SECRET };
const servers: { close(): void }[] = [];

beforeAll(() => {
  nock.restore(); // these tests look at connections themselves
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(env: Record<string, string> = signed) {
  const bot = await makeBot(env);
  const server = bot.app.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = () => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => undefined); // a connection that is closed at once may be reset
    return socket;
  };
  return { ...bot, port, connect };
}

const head = (...headers: string[]) =>
  ['POST /webhook HTTP/1.1', 'Host: x', 'Content-Type: application/json', ...headers, '', ''].join('\r\n');
const forged = `X-Hub-Signature-256: sha256=${'0'.repeat(64)}`;

describe('a body that is refused before it is complete', () => {
  it('says that it is larger than 5 MiB: 413 at once, and the connection is closed', async () => {
    const { connect } = await listening();
    const socket = connect();
    socket.write(head(forged, `Content-Length: ${5 * MEBIBYTE + 1}`)); // and not a byte of it
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*Connection: close[^]*The body is larger than 5 MiB\.$/);
  });

  it('lets its sender read that, who is still sending it: nothing is reset', async () => {
    const { port } = await listening();
    const body = Buffer.alloc(6 * MEBIBYTE, 'x');
    for (let n = 0; n < 10; n += 1) {
      const sending = request({ port, host: '127.0.0.1', method: 'POST', path: '/webhook' });
      sending.setHeader('Content-Length', body.length);
      sending.setHeader('X-Hub-Signature-256', `sha256=${'0'.repeat(64)}`);
      sending.end(body);
      const [answer] = (await once(sending, 'response')) as [IncomingMessage];
      sending.on('error', () => undefined); // half a second later nobody takes the rest; the answer is there
      expect([answer.statusCode, await text(answer)]).toEqual([413, 'The body is larger than 5 MiB.']);
    }
  });

  it('turns out to be larger than 5 MiB: 413 before it is at its end', async () => {
    const { connect, logText } = await listening();
    const socket = connect();
    socket.write(head(forged, 'Transfer-Encoding: chunked'));
    const mebibyte = `100000\r\n${'x'.repeat(MEBIBYTE)}\r\n`;
    for (let n = 0; n < 5; n += 1) socket.write(mebibyte);
    socket.write('1\r\nx\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 /);
    expect(logText()).toMatch(/"level":"warn".*The body is larger than 5 MiB/);
  });

  it('has no signature: 401 without a byte of it', async () => {
    const { connect } = await listening();
    const socket = connect();
    socket.write(head('Content-Length: 100000'));
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 [^]*Connection: close/);
  });

  it('may be exactly 5 MiB', async () => {
    const { app } = await makeBot(signed);
    const json = `{"entry":[]${' '.repeat(5 * MEBIBYTE - 12)}}`;
    expect(json).toHaveLength(5 * MEBIBYTE);
    expect((await post(app, json, { 'X-Hub-Signature-256': sign(json) })).status).toBe(200);
  });
});

describe('many large bodies of unknown origin', () => {
  it('hold 64 MiB at most: the largest is refused with 503, and an event of the usual size gets through', async () => {
    const { connect, app, logLines } = await listening();
    const size = 5 * MEBIBYTE - 1;
    const sockets = Array.from({ length: 14 }, connect);
    const answers = sockets.map((socket) => text(socket).catch(() => 'reset'));
    for (const socket of sockets) {
      socket.write(head(forged, `Content-Length: ${size}`));
      socket.write('x'.repeat(size - 1)); // the last byte never comes
    }
    // 14 of them are 70 MiB: two have to go. One that still sends may see its connection reset before it reads the answer.
    let refused = 0;
    await new Promise<void>((resolve) => {
      for (const answer of answers) {
        void answer.then((told) => {
          expect(told).toMatch(/^(HTTP\/1\.1 503 [^]*Connection: close[^]*|reset|)$/);
          refused += 1;
          if (refused === 2) resolve();
        });
      }
    });
    const json = fixtureText('read');
    expect((await post(app, json, { 'X-Hub-Signature-256': sign(json) })).status).toBe(200);
    expect(sockets.filter(({ readableEnded, destroyed }) => !readableEnded && !destroyed)).toHaveLength(12);
    expect(logLines()).toContainEqual(
      expect.objectContaining({ level: 'warn', status: 503, remedy: expect.stringContaining('proxy') as string }),
    );
    for (const socket of sockets) socket.destroy();
    await Promise.all(answers);
    // What they held is free again.
    const later = Array.from({ length: 3 }, () => post(app, json, { 'X-Hub-Signature-256': sign(json) }));
    expect((await Promise.all(later)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});
