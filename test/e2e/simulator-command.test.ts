import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { entryPoint } from '../support/built-server';
import { startHttpServer } from '../support/http-server';

const program = (name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) => {
  const file = path.join(path.dirname(entryPoint), 'simulator', `${name}.js`);
  const all = { PATH: process.env['PATH'], ...env };
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', env: all });
  return [status, stdout, stderr];
};

describe('npm run simulator', () => {
  it.each([
    [['--port', 'x'], "error: option '--port <n>' argument 'x' is invalid. It takes a whole number from 0 to 65535.\n"],
    [['--port', '65536'], /whole number from 0 to 65535\.\n$/],
    [['--seed', 'one'], /whole number/],
    [['--batch-ms', '1.5'], /whole number from 0 to 60000\.\n$/],
    [['--webhook', 'nonsense'], /argument 'nonsense' is invalid\. It takes an address like http:\/\/localhost:1337/],
    [['--webhook', 'ftp://localhost/'], /It takes an address like/],
    [['--wat'], "error: unknown option '--wat'\n"],
    [['more'], /too many arguments/],
  ])('ends with 1 and one sentence after %p', (args, text) => {
    const said = typeof text === 'string' ? text : (expect.stringMatching(text) as string);
    const [status, stdout, stderr] = program('index', args);
    expect([status, stdout, stderr]).toEqual([1, '', said]);
    expect(String(stderr).trim().split('\n')).toHaveLength(1);
  });

  it('explains its options', () => {
    const [status, stdout] = program('index', ['--help']);
    expect(status).toBe(0);
    for (const option of ['port', 'webhook', 'seed', 'batch-ms', 'no-proof', 'help'])
      expect(stdout).toContain(`  --${option}`);
  });

  it('says that a port is taken, and so does the demo', async () => {
    const { port } = new URL((await startHttpServer(() => undefined)).url);
    const taken = `Port ${port} is taken: stop what uses it, or`;
    expect(program('index', ['--port', port])).toEqual([1, '', `${taken} name another one with --port.\n`]);
    const demo = program('demo', [], { SIMULATOR_PORT: port });
    expect(demo).toEqual([1, '', `${taken} set SIMULATOR_PORT to another number.\n`]);
  });

  it('is not started by the demo on a port that is none', () => {
    expect(program('demo', [], { SIMULATOR_PORT: 'abc' })).toEqual([
      1,
      '',
      'SIMULATOR_PORT is "abc". It takes a whole number from 0 to 65535.\n',
    ]);
  });
});
