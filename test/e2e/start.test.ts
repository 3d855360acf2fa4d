import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { secrets } from '../support/bot';
import { entryPoint, runBuilt, withoutPrivileges } from '../support/built-server';
import { fixtureOfNow } from '../support/fixtures';
import { countingGraph, settings, startServer } from '../support/started-server';
import { temporaryFolder } from '../support/temporary-folder';

describe('a start', () => {
  it('reads .env from the folder it is started in', async () => {
    const folder = temporaryFolder();
    const text = Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n');
    writeFileSync(path.join(folder, '.env'), text);
    const server = runBuilt({}, folder);
    expect(await server.line('webhook is listening')).toMatchObject({ protections: { webhookSignatures: true } });
  });

  it('loads the client of databases only where there is one', async () => {
    const command = [
      process.execPath,
      '--require',
      path.join(__dirname, '..', 'support', 'tell-loaded.cjs'),
      entryPoint,
    ];
    const server = runBuilt(settings, undefined, command);
    await server.line('webhook is listening');
    server.kill('SIGTERM');
    await server.ended;
    expect(server.output()).toContain('loaded: none of them\n');
    const other = runBuilt({ ...settings, DATABASE_URL: 'postgres://bot@127.0.0.1:1/bot' }, undefined, command);
    expect(await other.ended).toEqual({ code: 1, signal: null });
    expect(other.output()).toContain('loaded: pg\n');
  });

  it('lists all wrong settings at once and ends with 1', async () => {
    const server = runBuilt({ PORT: 'x', NODE_ENV: 'production' });
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(/PAGE_ACCESS_TOKEN[^]*VERIFY_TOKEN[^]*PORT[^]*APP_SECRET/);
  });

  it.each([
    ['NODE_ENV', { NODE_ENV: 'Production' }, /NODE_ENV must be written production/],
    [
      'a data folder that is a file',
      { DATA_DIR: '/etc/passwd' },
      /^The bot cannot start. The data folder .* it is a file/,
    ],
  ])('tells in a sentence what is wrong with %s, and ends with 1', async (_what, env, sentence) => {
    const server = runBuilt({ ...settings, ...env });
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(sentence);
    expect(server.output()).not.toContain('    at ');
  });

  it('tells whose a data folder is that it may not read, and does not call it damaged', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'events.mdb'), '');
    chmodSync(folder, 0);
    if (process.getuid?.() === 0) chownSync(folder, 65_534, 65_534);
    const server = runBuilt({ ...settings, DATA_DIR: folder }, temporaryFolder(), [
      ...withoutPrivileges(),
      process.execPath,
      entryPoint,
    ]);
    expect(await server.ended).toEqual({ code: 1, signal: null });
    chmodSync(folder, 0o700);
    expect(server.output()).toMatch(/^The bot cannot start. The data folder .* cannot be read and written/);
    expect(server.output()).not.toContain('damaged');
  });

  it('tells in a sentence that the disk is full, on a fresh folder, too', async () => {
    const full = ['bash', '-c', `ulimit -f 100 && exec "${process.execPath}" "${entryPoint}"`] as const;
    const server = runBuilt({ ...settings, DATA_DIR: 'data' }, temporaryFolder(), full);
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(
      /^The bot cannot start. Nothing can be written to the data folder \/.*\/data: .*Make room/,
    );
  });

  it('keeps its files for its owner, in a folder that others may look into, too, and says that they may', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const graph = await countingGraph(new Promise(() => undefined));
    const server = await startServer(graph.url, { DATA_DIR: folder });
    await server.post(fixtureOfNow('message-text'));
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['arrived', 'events.mdb', 'events.mdb-lock']));
    for (const name of readdirSync(folder)) {
      expect([name, statSync(path.join(folder, name)).mode & 0o077]).toEqual([name, 0]);
    }
    expect(server.output()).toMatch(/"level":"warn".*DATA_DIR is open to other users/);
  });

  it('takes from .env what is empty in the environment', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, '.env'), `APP_SECRET=${secrets.APP_SECRET}\n`);
    const server = runBuilt({ ...settings, APP_SECRET: '' }, folder);
    const line = await server.line('webhook is listening');
    expect(line).toMatchObject({
      protections: { webhookSignatures: true },
      data: path.join(realpathSync(folder), 'data'),
    });
  });

  it('tells which Node.js it needs, and ends with 1', async () => {
    const old = [process.execPath, '-r', path.join(__dirname, '..', 'support', 'old-node.cjs'), entryPoint];
    const server = runBuilt(settings, temporaryFolder(), old);
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(/^The bot cannot start. It does not run on Node.js 22.1.0: install 24 or later/);
  });

  it.each(['start', 'queue'])('tells that there is no build yet: npm run %s', (script) => {
    const folder = temporaryFolder();
    copyFileSync(path.join(__dirname, '..', '..', 'package.json'), path.join(folder, 'package.json'));
    const { status, stderr } = spawnSync('npm', ['run', script], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('There is no dist/ yet: run npm run build first.');
    expect(stderr).not.toContain('    at ');
  });

  it('says so when the port is taken, and ends with 1', async () => {
    const first = await startServer('http://127.0.0.1:9');
    const second = runBuilt({ ...settings, PORT: String(first.port) });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.output()).toMatch(/EADDRINUSE.*PORT/);
  });

  it('does not let a second process work on the same data', async () => {
    const folder = temporaryFolder();
    await startServer('http://127.0.0.1:9', { DATA_DIR: folder });
    const second = runBuilt({ ...settings, DATA_DIR: folder });
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.output()).toMatch(/Another bot is already working on the data in .*DATA_DIR/);
  });

  it('refuses damaged data in words', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'events.mdb'), Buffer.alloc(40_000, 'garbage '));
    const server = runBuilt({ ...settings, DATA_DIR: folder });
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(/^The bot cannot start. The stored events in .* are damaged/);
  });
});
