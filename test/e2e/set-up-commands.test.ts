import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { defaultSettings } from '../../src/simulator/settings';
import { botEnvironment } from '../../src/simulator/setup';
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
function command(name: string, args: readonly string[], cwd: string): Promise<Ended> {
  const file = path.join(path.dirname(entryPoint), 'cli', `${name}.js`);
  const env = { PATH: process.env['PATH'] };
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

describe('the doctor', () => {
  it('goes through the proxy that .env names, as the bot does', async () => {
    const proxy = net.createServer((socket) => void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const cwd = temporaryFolder();
    const settings = botEnvironment(defaultSettings, 'https://graph.example.invalid');
    const address = `http://127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
    const lines = Object.entries({ ...settings, HTTPS_PROXY: address }).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(path.join(cwd, '.env'), lines.join(''), { mode: 0o600 });
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

describe('an operator who sets up the built bot', () => {
  it('is told what is missing, lets it be subscribed, finds all well, and moves a conversation', async () => {
    const sim = await simulated({ requireProof: true });
    const { subscription } = sim.platform.webhooks;
    subscription.callbackUrl = undefined;
    for (const fields of [subscription.appFields, subscription.pageFields]) fields.clear();
    const cwd = temporaryFolder();
    const settings = {
      ...botEnvironment(defaultSettings, sim.url),
      PORT: '0',
      HOST: '127.0.0.1',
      OPERATIONS_PORT: String(await freePort()),
      NODE_ENV: 'production',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(path.join(cwd, '.env'), lines.join(''), { mode: 0o600 });

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
