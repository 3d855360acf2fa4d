import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { entryPoint, withoutPrivileges } from '../support/built-server';
import { fixtureOfNow } from '../support/fixtures';
import { graphStandIn } from '../support/graph-stand-in';
import { startServer } from '../support/started-server';
import { temporaryFolder } from '../support/temporary-folder';

const queueCommand = path.join(path.dirname(entryPoint), 'cli', 'queue.js');
const queue = (
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; before?: readonly string[] } = {},
) => {
  const { before = [], ...rest } = options;
  const [command = '', ...all] = [...before, process.execPath, queueCommand, ...args];
  return spawnSync(command, all, { encoding: 'utf8', ...rest });
};

describe('the operator', () => {
  it('lets the operator see, put back and drop what was set aside, while it runs', async () => {
    const folder = temporaryFolder();
    const graph = await graphStandIn(() => [400, { error: { message: 'blocked', code: 551 } }]);
    const server = await startServer(graph.url, { DATA_DIR: folder });
    await server.post(fixtureOfNow('message-text'));
    await server.line('event set aside; see it with: npm run queue -- show ID');
    const run = (...args: string[]) => queue([...args, '--data', folder]);
    const [event] = JSON.parse(run('list', '--json').stdout) as { id: string; reason: string }[];
    expect(event?.reason).toContain('code 551');
    expect(run('drop', String(event?.id))).toMatchObject({ status: 1 });
    expect(run('retry', '--all')).toMatchObject({ status: 0 });
    await graph.got(2);
    expect(run('drop', String(event?.id), '--yes')).toMatchObject({ status: 0, stdout: '1 dropped.\n' });
    expect(run('list').stdout).toContain('Nothing of this kind waits');
    const command = `set -o pipefail; "${process.execPath}" "${queueCommand}" list --data "${folder}" | true`;
    expect(spawnSync('bash', ['-c', command], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  it('is told that the data file is damaged, and the command survives it', () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'events.mdb'), Buffer.alloc(40_000, 'garbage '));
    const { status, stderr } = queue(['list', '--data', folder]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^The stored events in .* are damaged/)]);
  });

  it('is told which Node.js the command needs', () => {
    const old = path.join(__dirname, '..', 'support', 'old-node.cjs');
    const { status, stderr } = spawnSync(process.execPath, ['-r', old, queueCommand, 'list'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^It does not run on Node.js 22.1.0: install 24 or later/),
    ]);
  });

  it('is told whose a data folder is that may not be read', () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0);
    if (process.getuid?.() === 0) chownSync(folder, 65_534, 65_534);
    const { status, stderr } = queue(['list', '--data', folder], { before: withoutPrivileges() });
    chmodSync(folder, 0o700);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^The data folder .* cannot be read and written/)]);
  });

  it('may leave DATA_DIR empty in the environment: .env has it', () => {
    const cwd = temporaryFolder();
    writeFileSync(path.join(cwd, '.env'), 'DATA_DIR=elsewhere\n');
    const { stderr } = queue(['list'], { cwd, env: { PATH: process.env['PATH'], DATA_DIR: '' } });
    expect(stderr).toContain('There are no events in elsewhere');
  });
});
