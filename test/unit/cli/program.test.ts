import { runProgram, tellReaders, wholeNumber } from '../../../src/cli/program';
import { scriptedTerminal } from '../../support/scripted-terminal';

async function run(args: readonly string[], write?: (text: string) => Promise<void>) {
  const { terminal, said } = scriptedTerminal();
  const code = await runProgram(
    'npm run x --',
    (program, fail) => {
      program.command('do').option('--n <n>', 'a number', wholeNumber(2, 9));
      program.command('half').action(() => {
        fail(new Error('One thing was not done.'));
      });
    },
    args,
    { ...terminal, ...(write && { write }) },
    {},
  );
  return { code, ...said() };
}

describe('a command', () => {
  it('ends with 1 when something was not done, and says what', async () => {
    expect(await run(['half'])).toMatchObject({ code: 1, complaints: 'One thing was not done.\n' });
  });

  it('shows its help where help is asked for, and where nothing is', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, complaints: '' });
    expect((await run(['--help'])).output).toMatch(/^Usage: npm run x -- \[options\] \[command\]\n/);
    expect(await run([])).toMatchObject({ code: 1, output: '' });
    expect((await run([])).complaints).toMatch(/^Usage: npm run x -- /);
  });

  it('ends quietly when nobody reads its help', async () => {
    const gone = () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await run(['--help'], gone)).toMatchObject({ code: 0, complaints: '' });
  });

  it.each(['EPIPE', 'ERR_STREAM_DESTROYED'])('may go on without readers (%s), but not on a full disk', async (code) => {
    const { terminal } = scriptedTerminal();
    const failing = (why: string) =>
      tellReaders({ ...terminal, write: () => Promise.reject(Object.assign(new Error(why), { code: why })) });
    expect(await tellReaders(terminal)('x')).toBe(true);
    expect(await failing(code)('x')).toBe(false);
    await expect(failing('ENOSPC')('x')).rejects.toThrow('ENOSPC');
  });

  it.each(['1', '10', '-3', '2.0', '1e1', '', 'x', '9'.repeat(16)])('takes no %p for a number of 2 to 9', async (n) => {
    const { code, complaints } = await run(['do', `--n=${n}`]);
    expect([code, complaints]).toEqual([
      1,
      `Option '--n <n>' argument '${n}' is invalid. It is a whole number from 2 to 9.\nSee: npm run x -- --help\n`,
    ]);
  });

  it.each(['2', '9'])('takes %p for one', async (n) => {
    expect((await run(['do', `--n=${n}`])).complaints).not.toContain('invalid');
  });
});
