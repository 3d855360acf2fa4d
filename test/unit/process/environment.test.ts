import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { completeEnvironment } from '../../../src/process/environment';
import { OperatorError } from '../../../src/process/operator-error';
import { temporaryFolder } from '../../support/temporary-folder';

const before = process.cwd();
beforeEach(() => {
  process.chdir(temporaryFolder());
});
afterEach(() => {
  process.chdir(before);
});

const completed = (env: NodeJS.ProcessEnv) => {
  completeEnvironment(env);
  return env;
};

describe('the file .env', () => {
  it('adds what the environment does not have', () => {
    writeFileSync('.env', 'PORT=1\nHOST=127.0.0.1\n');
    expect(completed({ PORT: '2' })).toEqual({ PORT: '2', HOST: '127.0.0.1' });
  });

  it.each(['', ' ', '\t'])('adds what is empty in the environment, as in a compose file: %j', (empty) => {
    writeFileSync('.env', 'APP_SECRET=from-the-file\n');
    expect(completed({ APP_SECRET: empty })).toEqual({ APP_SECRET: 'from-the-file' });
  });

  it('need not be there: what is empty is unset all the same', () => {
    expect(completed({ PORT: '2', APP_SECRET: '' })).toEqual({ PORT: '2' });
  });

  it('leaves what is not set at all as it is, and says nothing', () => {
    writeFileSync('.env', 'PORT=1\n');
    const said = [jest.spyOn(console, 'log'), jest.spyOn(console, 'info'), jest.spyOn(process.stdout, 'write')];
    expect(completed({ HOST: undefined })).toEqual({ PORT: '1', HOST: undefined });
    for (const one of said) expect(one).not.toHaveBeenCalled();
  });

  it('keeps a quoted value whole', () => {
    writeFileSync('.env', "VERIFY_TOKEN='abc #def'\n");
    expect(completed({})).toEqual({ VERIFY_TOKEN: 'abc #def' });
  });

  it('is not passed over where it cannot be read', () => {
    symlinkSync('.env', '.env'); // root may read everything but this
    expect(() => completed({})).toThrow(OperatorError);
    expect(() => completed({})).toThrow(/^The file \.env cannot be read \(ELOOP/);
  });

  it('leaves unset what is empty there, too', () => {
    writeFileSync('.env', 'PORT=\nHOST= \nAPP_ID=1\n');
    expect(completed({})).toEqual({ APP_ID: '1' });
  });

  it.each([
    ['a pipe: whoever reads that waits for ever', () => execFileSync('mkfifo', ['.env'])],
    [
      'a folder',
      () => {
        mkdirSync('.env');
      },
    ],
  ])('is refused where it is %s', (_what, make) => {
    make();
    expect(() => completed({})).toThrow(OperatorError);
    expect(() => completed({})).toThrow(/no regular file\. Put the values into one/);
  });
});
