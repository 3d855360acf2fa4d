import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import nock from 'nock';
import { entryPoint } from '../support/built-server';
import { fixtureOfNow } from '../support/fixtures';
import { countingGraph, startServer } from '../support/started-server';
import { temporaryFolder } from '../support/temporary-folder';
import { fitted, shippedFile } from './shipped-file';

beforeAll(() => {
  nock.restore(); // everything here is real
});

/** The units in a folder of their own, with the Node.js of this machine. */
function units() {
  const folder = temporaryFolder();
  const service = path.join(folder, 'messenger-bot.service');
  const socket = path.join(folder, 'messenger-bot.socket');
  writeFileSync(service, fitted('messenger-bot.service', [['/usr/bin/node', process.execPath]]));
  writeFileSync(socket, shippedFile('messenger-bot.socket'));
  return { service, socket };
}

function analyze(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** What a unit says of a setting, each time. */
const valuesOf = (unit: string, setting: string) =>
  [...shippedFile(unit).matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');

describe('the systemd units', () => {
  it('are understood by systemd without a warning', () => {
    const { service, socket } = units();
    expect(analyze('verify', '--man=no', service, socket)).toEqual({ status: 0, output: '' });
  });

  it('leave an exposure of 2.0 at most, as systemd counts', () => {
    const { output } = analyze('security', '--offline=true', '--no-pager', units().service);
    const exposure = Number(/Overall exposure level for messenger-bot.service: ([\d.]+)/.exec(output)?.[1]);
    expect(exposure).toBeLessThanOrEqual(2);
  });

  it('let the bot live with the system calls that are left', async () => {
    const filter = valuesOf('messenger-bot.service', 'SystemCallFilter');
    expect(filter).toEqual(['@system-service', '~@privileged @resources']);
    const graph = await countingGraph();
    const underFilter = ['/usr/bin/python3', path.join(__dirname, 'under-filter.py'), ...filter, '--'];
    const server = await startServer(graph.url, {}, [...underFilter, process.execPath, entryPoint]);
    expect((await server.post(fixtureOfNow('quick-reply-pass-to-inbox'))).status).toBe(200);
    await graph.got(2);
    server.kill('SIGHUP'); // ExecReload
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  it('speak of the same port as the proxies, and of the data folder that the bot is given', () => {
    const [listen = ''] = valuesOf('messenger-bot.socket', 'ListenStream');
    expect(shippedFile('nginx.conf')).toContain(`server ${listen};`);
    expect(shippedFile('Caddyfile')).toContain(`reverse_proxy ${listen} {`);
    const [state = ''] = valuesOf('messenger-bot.service', 'StateDirectory');
    expect(valuesOf('messenger-bot.service', 'Environment').join()).toContain(`DATA_DIR=/var/lib/${state}`);
  });
});
