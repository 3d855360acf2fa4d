import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { defaultSettings } from '../../src/simulator/settings';
import { botEnvironment } from '../../src/simulator/setup';
import { testAuthority } from '../support/certificates';
import { entryPoint, runBuilt } from '../support/built-server';
import { freePort } from '../support/free-port';
import { simulated } from '../support/simulated-bot';
import { temporaryFolder } from '../support/temporary-folder';

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a built command in a folder with a `.env`. */
function command(
  name: string,
  args: readonly string[],
  cwd: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const file = path.join(path.dirname(entryPoint), 'cli', `${name}.js`);
  const env = { PATH: process.env['PATH'], ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** A new folder with such a `.env`. */
function folderWith(settings: Readonly<Record<string, string>>): string {
  const cwd = temporaryFolder();
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path.join(cwd, '.env'), lines.join(''), { mode: 0o600 });
  return cwd;
}

describe('the doctor', () => {
  it('goes through the proxy that .env names, as the bot does', async () => {
    const proxy = net.createServer((socket) => void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const settings = botEnvironment(defaultSettings, 'https://graph.example.invalid');
    const address = `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
    const cwd = folderWith({ ...settings, HTTPS_PROXY: address });
    const { status, stdout } = await command('doctor', [], cwd);
    proxy.close();
    expect([status, stdout]).toEqual([
      1,
      expect.stringContaining(
        '✗ Graph              Graph did not answer /me: the proxy refuses to connect (HTTP 407).',
      ),
    ]);
  });
});

describe('TLS at the public address', () => {
  const authority = testAuthority();
  const certificate = authority.forHost('localhost', 'localhost');

  it('is looked at as the platform does, whatever the environment adds or waives', async () => {
    const sim = await simulated({ requireProof: true });
    const cwd = folderWith(botEnvironment(defaultSettings, sim.url));
    writeFileSync(path.join(cwd, 'root.pem'), authority.root);
    const server = https.createServer({ ...certificate, cert: certificate.cert + authority.between }, (req, res) => {
      res.end(new URL(String(req.url), 'https://localhost').searchParams.get('hub.challenge'));
    });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    const url = `https://localhost:${(server.address() as net.AddressInfo).port}/webhook`;
    for (const loosened of [
      { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      { NODE_EXTRA_CA_CERTS: path.join(cwd, 'root.pem') },
    ]) {
      const { status, stdout } = await command('doctor', ['--url', url], cwd, loosened);
      expect([status, stdout]).toEqual([
        1,
        expect.stringMatching(
          /\n✗ Webhook .*certificate.*\((SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT\w*)\)/,
        ),
      ]);
    }
    server.close();
  });
});

describe('a command whose output nobody reads', () => {
  it('does what it was told to, and ends as it must', async () => {
    const sim = await simulated({ requireProof: true });
    const { subscription } = sim.platform.webhooks;
    subscription.pageFields.clear();
    const cwd = folderWith(botEnvironment(defaultSettings, sim.url));
    const file = path.join(path.dirname(entryPoint), 'cli', 'doctor.js');
    const child = spawn(process.execPath, [file], { cwd, env: { PATH: process.env['PATH'] }, stdio: 'pipe' });
    child.stdout.destroy();
    expect(await once(child, 'close')).toEqual([1, null]);
  });
});

describe('an operator who sets up the built bot', () => {
  it('is told what is missing, lets it be subscribed, finds all well, and moves a conversation', async () => {
    const sim = await simulated({ requireProof: true });
    const { subscription } = sim.platform.webhooks;
    subscription.callbackUrl = undefined;
    for (const fields of [subscription.appFields, subscription.pageFields]) fields.clear();
    const cwd = folderWith({
      ...botEnvironment(defaultSettings, sim.url),
      PORT: '0',
      HOST: '127.0.0.1',
      OPERATIONS_PORT: String(await freePort()),
      NODE_ENV: 'production',
    });

    const before = await command('doctor', [], cwd);
    expect(before).toMatchObject({ status: 1, stderr: '' });
    expect(before.stdout).toContain('✗ App subscription   the app has no webhook for Pages.');
    expect(before.stdout).toContain('? Bot                no bot runs on this machine');

    const bot = runBuilt({}, cwd);
    const { port } = await bot.line('webhook is listening');
    const url = `http://127.0.0.1:${String(port)}/webhook`;
    const refused = await command('subscribe', ['--url', url], cwd);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('add --yes') as string });
    const subscribed = await command('subscribe', ['--url', url, '--yes'], cwd);
    expect(subscribed).toMatchObject({ status: 0, stderr: '' });
    expect(subscribed.stdout).toContain('Done: App subscription, Page subscription, Get Started button.');

    const after = await command('doctor', ['--json'], cwd);
    expect(after).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(after.stdout)).toMatchObject({ wrong: 0, unknown: 2 });

    sim.platform.customerWrites(sim.psid, 'hello');
    await bot.line('event handled');
    expect(await command('thread', ['pass', sim.psid], cwd)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^The Page Inbox has this conversation until /) as string,
    });
  });
});
