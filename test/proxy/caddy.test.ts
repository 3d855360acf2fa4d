import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import path from 'node:path';
import nock from 'nock';
import { freePort } from '../support/free-port';
import { startHttpServer } from '../support/http-server';
import { temporaryFolder } from '../support/temporary-folder';
import { listening } from './listening';
import { fitted } from './shipped-file';

const running: ChildProcess[] = [];

afterEach(async () => {
  for (const caddy of running.splice(0)) {
    if (caddy.exitCode !== null) continue; // it has ended by itself, and its test says why
    const ended = once(caddy, 'exit');
    caddy.kill('SIGTERM');
    await ended;
  }
});

beforeAll(() => {
  nock.restore(); // everything here is real
});

/** A real Caddy with the shipped file, but for the certificate, which it would have to fetch. */
async function startCaddy(botPort: number) {
  const folder = temporaryFolder();
  const port = await freePort();
  const file = path.join(folder, 'Caddyfile');
  mkdirSync(path.join(folder, 'home'));
  writeFileSync(
    file,
    fitted('Caddyfile', [
      ['\tservers {', '\tadmin off\n\tauto_https off\n\tservers {'],
      ['\nbot.example.com {', `\nhttp://127.0.0.1:${port} {`],
      ['/var/log/caddy', folder],
      ['127.0.0.1:1337', `127.0.0.1:${botPort}`],
    ]),
  );
  const caddy = spawn('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
    env: { PATH: process.env['PATH'], HOME: path.join(folder, 'home') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(caddy);
  let said = '';
  caddy.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const failed = once(caddy, 'exit').then(() => {
    throw new Error(`Caddy ended: ${said}`);
  });
  failed.catch(() => undefined);
  await Promise.race([listening(port), failed]);
  const log = path.join(folder, 'messenger-bot.log');
  return { url: `http://127.0.0.1:${port}`, logs: () => (existsSync(log) ? readFileSync(log, 'utf8') : '') + said };
}

async function recorderBehindCaddy() {
  const requests: IncomingMessage[] = [];
  const { url } = await startHttpServer((req, res) => {
    requests.push(req);
    req.resume().on('end', () => res.end('OK'));
  });
  return { requests, ...(await startCaddy(Number(new URL(url).port))) };
}

describe('behind the shipped Caddyfile', () => {
  it('only the webhook can be reached, with the address of the client', async () => {
    const { url, requests } = await recorderBehindCaddy();
    for (const where of ['/', '/healthz', '/readyz', '/metrics', '/state', '/webhook/x']) {
      expect([where, (await fetch(url + where)).status]).toEqual([where, 404]);
    }
    expect(requests).toEqual([]);
    const headers = { 'X-Forwarded-For': '192.0.2.7' };
    const answer = await fetch(`${url}/webhook`, { method: 'POST', body: '{}', headers });
    expect([answer.status, await answer.text(), answer.headers.get('server')]).toEqual([200, 'OK', null]);
    expect(requests[0]?.headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  it('no log names the verify token, also when the bot does not answer', async () => {
    const { url, logs } = await startCaddy(await freePort());
    const query = 'hub.mode=subscribe&hub.verify_token=the-token&hub.challenge=42';
    expect((await fetch(`${url}/webhook?${query}`)).status).toBe(502);
    while (!logs().includes('"uri":"/webhook"')) await new Promise(setImmediate);
    expect(logs()).toContain('"status":502');
    expect(logs()).not.toMatch(/the-token|hub\./);
  });

  it('a body of more than 5 MiB does not reach the bot as a whole', async () => {
    const { url, requests } = await recorderBehindCaddy();
    const post = (size: number) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sending = http.request(`${url}/webhook`, { method: 'POST' }, (response) => {
          resolve(response.resume().statusCode);
        });
        sending.on('error', reject).end('x'.repeat(size));
      });
    expect(await post(5 * 1024 * 1024)).toBe(200);
    expect(await post(5 * 1024 * 1024 + 1)).toBeGreaterThanOrEqual(400);
    expect(requests.filter(({ complete }) => complete)).toHaveLength(1);
  });
});
