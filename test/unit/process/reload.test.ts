import { pino } from 'pino';
import { loadConfig } from '../../../src/config';
import { OperatorError } from '../../../src/process/operator-error';
import { createReload, hasTerminal } from '../../../src/process/reload';
import { createSecretKeeper } from '../../../src/process/secret-keeper';

const before = {
  PAGE_ACCESS_TOKEN: 'old-page-token',
  VERIFY_TOKEN: 'old-verify-token',
  APP_SECRET: 'old-secret',
};

function reloading(refusal?: string) {
  const config = loadConfig(before);
  const secrets = createSecretKeeper(config);
  const lines: Record<string, unknown>[] = [];
  const happened: string[] = [];
  const reload = createReload({
    config,
    secrets,
    log: pino(
      { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
      { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    ),
    refusal: ({ pageAccessToken }) => {
      happened.push(`tried ${pageAccessToken}`);
      return Promise.resolve(refusal);
    },
    replaced: () => {
      happened.push('replaced');
      return Promise.resolve();
    },
  });
  return {
    secrets,
    lines,
    happened,
    reload: (env: Record<string, string>) => reload(() => ({ ...before, ...env })),
    reloadWith: reload,
  };
}

describe('settings that are read again', () => {
  it('replace token and secrets once Graph does not refuse them, and have what is held tried', async () => {
    const { secrets, lines, happened, reload } = reloading();
    await reload({ PAGE_ACCESS_TOKEN: 'new-page-token', APP_SECRET: 'new-secret,old-secret' });
    expect(secrets.now()).toEqual({
      pageAccessToken: 'new-page-token',
      verifyToken: 'old-verify-token',
      appSecrets: ['new-secret', 'old-secret'],
    });
    expect(happened).toEqual(['tried new-page-token', 'replaced']);
    expect(lines).toEqual([
      {
        level: 'info',
        changed: ['PAGE_ACCESS_TOKEN', 'APP_SECRET'],
        msg: 'secrets were replaced; what is held is tried at once',
      },
    ]);
  });

  it('replace the verify token without asking Graph, which does not know it', async () => {
    const { secrets, happened, reload } = reloading();
    await reload({ VERIFY_TOKEN: 'new-verify-token' });
    expect(secrets.now().verifyToken).toBe('new-verify-token');
    expect(happened).toEqual(['replaced']);
  });

  it('change nothing where Graph refuses them, and say why', async () => {
    const { secrets, lines, happened, reload } = reloading('Graph refused it.');
    await reload({ PAGE_ACCESS_TOKEN: 'bad-page-token', VERIFY_TOKEN: 'new-verify-token' });
    expect(secrets.now()).toMatchObject({ pageAccessToken: 'old-page-token', verifyToken: 'old-verify-token' });
    expect(happened).toEqual(['tried bad-page-token']);
    expect(lines).toMatchObject([
      { level: 'error', changed: ['PAGE_ACCESS_TOKEN', 'VERIFY_TOKEN'], reason: 'Graph refused it.' },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/page-token/);
  });

  it.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    ['is wrong', () => ({ ...before, PAGE_ACCESS_TOKEN: 'two words' }), /PAGE_ACCESS_TOKEN holds a space/],
    ['is gone', () => ({ ...before, VERIFY_TOKEN: '' }), /VERIFY_TOKEN is missing/],
    ['would leave the bot open to everybody', () => ({ ...before, APP_SECRET: '' }), /APP_SECRET is missing.*restart/],
    [
      'cannot be read',
      () => {
        throw new OperatorError('The file .env cannot be read.');
      },
      /The file \.env cannot be read/,
    ],
    [
      'fails oddly',
      () => {
        throw new TypeError('odd');
      },
      /TypeError: odd/,
    ],
  ])('change nothing where one %s, and say which', async (_what, environment, told) => {
    const { secrets, lines, happened, reloadWith } = reloading();
    await reloadWith(environment);
    expect(secrets.now()).toMatchObject({ pageAccessToken: 'old-page-token', appSecrets: ['old-secret'] });
    expect(happened).toEqual([]);
    expect(lines).toMatchObject([
      {
        level: 'error',
        problems: [expect.stringMatching(told)],
        msg: expect.stringContaining('the old ones stay') as string,
      },
    ]);
  });

  it('say that nothing has changed, and what counts from the next start on only', async () => {
    const { lines, happened, reload } = reloading();
    await reload({});
    await reload({ PORT: '99', LOG_LEVEL: 'debug', NODE_ENV: 'production' });
    expect(happened).toEqual([]);
    expect(lines).toMatchObject([
      { level: 'info', msg: expect.stringMatching(/^the settings were read again: no secret has changed/) as string },
      { level: 'info', needsRestart: ['PORT', 'LOG_LEVEL', 'NODE_ENV'] },
    ]);
    expect(lines[0]).not.toHaveProperty('needsRestart');
  });

  it('are read one time after the other', async () => {
    const { secrets, happened, reload } = reloading();
    await Promise.all([reload({ PAGE_ACCESS_TOKEN: 'second' }), reload({ PAGE_ACCESS_TOKEN: 'third' })]);
    expect(happened).toEqual(['tried second', 'replaced', 'tried third', 'replaced']);
    expect(secrets.now().pageAccessToken).toBe('third');
    expect(secrets.ever.map(({ pageAccessToken }) => pageAccessToken)).toEqual(['old-page-token', 'second', 'third']);
  });
});

describe('the terminal', () => {
  it('is there where it can be opened', () => {
    expect(hasTerminal('/dev/null')).toBe(true);
    expect(hasTerminal('/dev/no-such-terminal')).toBe(false);
  });
});
