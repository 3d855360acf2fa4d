import { pino } from 'pino';
import { loadConfig } from '../../../src/config';
import type { PageBook } from '../../../src/process/page-book';
import { OperatorError } from '../../../src/process/operator-error';
import { createReload, hasTerminal } from '../../../src/process/reload';
import { writePages } from '../../support/pages';
import { createSecretKeeper, secretsOf } from '../../../src/process/secret-keeper';

const before = {
  PAGE_ACCESS_TOKEN: 'old-page-token',
  VERIFY_TOKEN: 'old-verify-token',
  APP_SECRET: 'old-secret',
};

const tokensIn = ({ pages }: PageBook) => pages.map(({ accessToken }) => accessToken);

function reloading(refusal?: string, start: Record<string, string> = before) {
  const config = loadConfig(start);
  const secrets = createSecretKeeper(secretsOf(config));
  const lines: Record<string, unknown>[] = [];
  const happened: string[] = [];
  const reload = createReload({
    config,
    secrets,
    log: pino(
      { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
      { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    ),
    refusal: ({ pages }) => {
      happened.push(`tried ${tokensIn(pages).join()}`);
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
    reload: (env: Record<string, string>) => reload(() => ({ ...start, ...env })),
    reloadWith: reload,
  };
}

describe('settings that are read again', () => {
  it('replace token and secrets once Graph does not refuse them, and have what is held tried', async () => {
    const { secrets, lines, happened, reload } = reloading();
    await reload({ PAGE_ACCESS_TOKEN: 'new-page-token', APP_SECRET: 'new-secret,old-secret' });
    const { pages, ...others } = secrets.now();
    expect(tokensIn(pages)).toEqual(['new-page-token']);
    expect(others).toEqual({ verifyToken: 'old-verify-token', appSecrets: ['new-secret', 'old-secret'] });
    expect(happened).toEqual(['tried new-page-token', 'replaced']);
    expect(lines).toEqual([
      {
        level: 'info',
        changed: ['PAGE_ACCESS_TOKEN', 'APP_SECRET'],
        msg: 'secrets were replaced; what is held is tried at once',
      },
    ]);
  });

  it('replace the verify token', async () => {
    const { secrets, happened, reload } = reloading();
    await reload({ VERIFY_TOKEN: 'new-verify-token' });
    expect(secrets.now().verifyToken).toBe('new-verify-token');
    expect(happened).toEqual(['tried old-page-token', 'replaced']);
  });

  it('change nothing where Graph refuses them, and say why', async () => {
    const { secrets, lines, happened, reload } = reloading('Graph refused it.');
    await reload({ PAGE_ACCESS_TOKEN: 'bad-page-token', VERIFY_TOKEN: 'new-verify-token' });
    expect(secrets.now().verifyToken).toBe('old-verify-token');
    expect(tokensIn(secrets.now().pages)).toEqual(['old-page-token']);
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
    expect(secrets.now().appSecrets).toEqual(['old-secret']);
    expect(tokensIn(secrets.now().pages)).toEqual(['old-page-token']);
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
    expect(tokensIn(secrets.now().pages)).toEqual(['third']);
    for (const token of ['old-page-token', 'second', 'third']) expect(secrets.ever).toContain(token);
  });
});

describe('a list of Pages that is read again', () => {
  const bakery = { id: '1', name: 'Bakery', accessToken: 'bakery-page-token' };
  const florist = { id: '2', accessToken: 'florist-page-token' };
  const withList = (...pages: readonly object[]) => {
    const file = writePages(pages);
    const started = reloading(undefined, { VERIFY_TOKEN: 'old-verify-token', PAGES_FILE: file });
    return { ...started, rewrite: (next: unknown) => writePages(next, file) };
  };

  it('is replaced as a whole, and says who has joined, left, and got a new token', async () => {
    const { secrets, lines, happened, reload, rewrite } = withList(bakery, florist);
    rewrite([
      { ...florist, accessToken: 'new-page-token' },
      { id: '3', accessToken: 'baker-page-token' },
    ]);
    await reload({});
    expect(tokensIn(secrets.now().pages)).toEqual(['new-page-token', 'baker-page-token']);
    expect(happened).toEqual(['tried new-page-token,baker-page-token', 'replaced']);
    expect(lines).toEqual([
      {
        level: 'info',
        changed: ['PAGES_FILE'],
        joined: ['3'],
        left: ['Bakery'],
        newToken: ['2'],
        msg: 'secrets were replaced; what is held is tried at once',
      },
    ]);
    expect(secrets.ever).toContain('bakery-page-token');
    expect(secrets.ever).toContain('baker-page-token');
  });

  it('stays as it is, whole, where there is a mistake in it: the line is told, but no token', async () => {
    const { secrets, lines, happened, reload, rewrite } = withList(bakery);
    rewrite('[\n{"id": "1", "accessToken": "new-page-token"},\n{"id": "2", "accessToken": "a b"}]');
    await reload({ VERIFY_TOKEN: 'new-verify-token' });
    expect(tokensIn(secrets.now().pages)).toEqual(['bakery-page-token']);
    expect(secrets.now().verifyToken).toBe('old-verify-token');
    expect(happened).toEqual([]);
    expect(lines).toMatchObject([
      { level: 'error', problems: [expect.stringMatching(/^PAGES_FILE, line 3: accessToken holds a space/)] },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/page-token/);
  });

  it('names 20 Pages, and how many more there are', async () => {
    const { lines, reload, rewrite } = withList(bakery);
    rewrite([bakery, ...Array.from({ length: 23 }, (_, n) => ({ id: String(n + 10), accessToken: `a${n}` }))]);
    await reload({});
    const { joined } = lines[0] as { joined: string[] };
    expect(joined).toHaveLength(21);
    expect(joined.at(-1)).toBe('and 3 more');
  });

  it('may stand in another file from then on, but does not take the place of the one token, nor give it back', async () => {
    const { secrets, lines, reload } = withList(bakery);
    await reload({ PAGES_FILE: writePages([florist]) });
    expect(tokensIn(secrets.now().pages)).toEqual(['florist-page-token']);
    await reload({ PAGES_FILE: '', PAGE_ACCESS_TOKEN: 'only-page-token' });
    expect(tokensIn(secrets.now().pages)).toEqual(['florist-page-token']);
    const one = reloading();
    await one.reload({ PAGE_ACCESS_TOKEN: '', PAGES_FILE: writePages([florist]) });
    expect(tokensIn(one.secrets.now().pages)).toEqual(['old-page-token']);
    for (const line of [lines[1], one.lines[0]]) {
      expect(line).toMatchObject({
        problems: [expect.stringMatching(/^PAGES_FILE takes the place.*restart the bot\.$/)],
      });
    }
    expect(lines[0]).not.toHaveProperty('needsRestart');
  });
});

describe('the terminal', () => {
  it('is there where it can be opened', () => {
    expect(hasTerminal('/dev/null')).toBe(true);
    expect(hasTerminal('/dev/no-such-terminal')).toBe(false);
  });
});
