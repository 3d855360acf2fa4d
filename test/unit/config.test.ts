import { ConfigError, loadConfig, readDatabaseUrl } from '../../src/config';

const needed = { PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token' };

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('loadConfig', () => {
  it('fills in the defaults of the tutorial and of the platform', () => {
    expect(loadConfig(needed)).toEqual({
      pageAccessToken: 'page-token',
      pagesFile: undefined,
      verifyToken: 'verify-token',
      appSecrets: [],
      appId: undefined,
      port: 1337,
      host: undefined,
      graphApiUrl: 'https://graph.facebook.com',
      graphApiVersion: undefined,
      logLevel: 'info',
      logPsid: false,
      operationsPort: 9464,
      operationsHost: '127.0.0.1',
      dataDir: './data',
      databaseUrl: undefined,
      databaseConnections: 10,
      maxConcurrentConversations: 1_000,
      maxSendsPerSecond: 40,
      maxPendingEvents: 100_000,
      production: false,
    });
  });

  it('reads every setting', () => {
    const env = {
      PAGE_ACCESS_TOKEN: ' page-token ',
      VERIFY_TOKEN: 'verify-token',
      APP_SECRET: 'new, old,',
      APP_ID: '424242424242424',
      PORT: '0',
      HOST: '127.0.0.1',
      GRAPH_API_URL: 'http://localhost:1338/',
      GRAPH_API_VERSION: 'v25.0',
      LOG_LEVEL: 'debug',
      LOG_PSID: 'true',
      OPERATIONS_PORT: '9000',
      OPERATIONS_HOST: '10.0.0.1',
      DATA_DIR: '/var/lib/bot',
      DATABASE_URL: 'postgres://bot:p%40ss@db.example:5432/bot?sslmode=verify-full',
      DATABASE_CONNECTIONS: '100',
      MAX_CONCURRENT_CONVERSATIONS: '8',
      MAX_SENDS_PER_SECOND: '20',
      MAX_PENDING_EVENTS: '500',
      NODE_ENV: 'production',
    };
    expect(loadConfig(env)).toEqual({
      pageAccessToken: 'page-token',
      pagesFile: undefined,
      verifyToken: 'verify-token',
      appSecrets: ['new', 'old'],
      appId: '424242424242424',
      port: 0,
      host: '127.0.0.1',
      graphApiUrl: 'http://localhost:1338',
      graphApiVersion: 'v25.0',
      logLevel: 'debug',
      logPsid: true,
      operationsPort: 9000,
      operationsHost: '10.0.0.1',
      dataDir: '/var/lib/bot',
      databaseUrl: 'postgres://bot:p%40ss@db.example:5432/bot?sslmode=verify-full',
      databaseConnections: 100,
      maxConcurrentConversations: 8,
      maxSendsPerSecond: 20,
      maxPendingEvents: 500,
      production: true,
    });
  });

  it('lets nobody listen for operators where their port is 0', () => {
    expect(loadConfig({ ...needed, OPERATIONS_PORT: '0' }).operationsPort).toBeUndefined();
  });

  it('wants two ports where it is to listen on two', () => {
    const problem = 'OPERATIONS_PORT must not be the same as PORT: set it to another number, or to 0 to do without it.';
    expect(problemsOf({ ...needed, PORT: '9464' })).toEqual([problem]);
    expect(loadConfig({ ...needed, PORT: '0', OPERATIONS_PORT: '0' }).port).toBe(0);
  });

  it('wants the tokens in one place', () => {
    const { VERIFY_TOKEN } = needed;
    expect(loadConfig({ VERIFY_TOKEN, PAGES_FILE: 'pages.json' })).toMatchObject({
      pagesFile: 'pages.json',
      pageAccessToken: undefined,
    });
    expect(problemsOf({ ...needed, PAGES_FILE: 'pages.json' })).toEqual([
      expect.stringMatching(/^PAGES_FILE and PAGE_ACCESS_TOKEN are both set\. Put every token into the file/),
    ]);
    expect(problemsOf({ VERIFY_TOKEN })).toEqual([expect.stringMatching(/^PAGE_ACCESS_TOKEN is missing.*PAGES_FILE/)]);
  });

  it('takes an empty or blank value for unset', () => {
    const blank = {
      APP_SECRET: '',
      APP_ID: ' ',
      PORT: '',
      HOST: '',
      GRAPH_API_URL: '',
      GRAPH_API_VERSION: '',
      LOG_LEVEL: '',
    };
    expect(loadConfig({ ...needed, ...blank })).toEqual(loadConfig(needed));
    expect(problemsOf({ ...needed, VERIFY_TOKEN: '  ' })).toEqual([
      expect.stringMatching(/^VERIFY_TOKEN is missing\. .+/),
    ]);
  });

  it('lists all mistakes at once, each with its remedy', () => {
    const problems = problemsOf({
      PORT: 'x',
      APP_ID: 'abc',
      GRAPH_API_VERSION: '25',
      LOG_LEVEL: 'loud',
      NODE_ENV: 'production',
    });
    expect(problems.map((line) => line.split(' ')[0])).toEqual([
      'PAGE_ACCESS_TOKEN',
      'VERIFY_TOKEN',
      'APP_ID',
      'PORT',
      'GRAPH_API_VERSION',
      'LOG_LEVEL',
      'APP_SECRET',
    ]);
    expect(new ConfigError(problems).message).toContain('7 settings need attention');
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['MAX_SENDS_PER_SECOND', '0'],
    ['MAX_SENDS_PER_SECOND', '301'],
    ['APP_ID', '12 34'],
    ['GRAPH_API_URL', 'graph.facebook.com'],
    ['GRAPH_API_URL', 'ftp://graph.facebook.com'],
    ['GRAPH_API_URL', 'https://user@graph.facebook.com'],
    ['GRAPH_API_URL', 'https://:secret@graph.facebook.com'],
    ['GRAPH_API_URL', 'https://graph.facebook.com/#secret'],
    ['GRAPH_API_URL', 'https://graph.facebook.com/?access_token=secret'],
    ['GRAPH_API_VERSION', 'v25'],
    ['GRAPH_API_VERSION', '/v25.0'],
    ['GRAPH_API_VERSION', 'v25.0/me'],
    ['APP_ID', 'x12'],
    ['APP_ID', '12x'],
    ['APP_ID', '123456789012345678901'],
    ['PORT', '0x50'],
    ['PORT', '80a'],
    ['PAGE_ACCESS_TOKEN', 'your page secret token'],
    ['PAGE_ACCESS_TOKEN', 'secret-tökén'],
    ['PAGE_ACCESS_TOKEN', '"secret'],
    ['PAGE_ACCESS_TOKEN', "secret'"],
    ['PAGE_ACCESS_TOKEN', 'secret\u007f'],
    ['VERIFY_TOKEN', 'a secret\u0007bell'],
    ['VERIFY_TOKEN', 'a secret\nof two lines'],
    ['DATABASE_URL', 'secret'],
    ['DATABASE_URL', 'mysql://bot:secret@db.example/bot'],
    ['DATABASE_URL', 'postgres://bot:secret@db.example'],
    ['DATABASE_URL', 'postgres://bot:secret@db.example/'],
    ['DATABASE_URL', 'postgres://bot:12/secret@db.example/bot'],
    ['DATABASE_URL', 'postgres://bot:12?secret@db.example/bot'],
    ['DATABASE_URL', 'postgres://bot:12#secret@db.example/bot'],
    ['DATABASE_URL', 'postgres://bot:secret@db.example/bot#x'],
    ['DATABASE_URL', 'postgres://bot:secret%@db.example/bot'],
    ['DATABASE_URL', 'postgres://bot:secret%ff@db.example/bot'],
    ['DATABASE_URL', 'postgres://bot:secret@db1.example,db2.example/bot'],
    ['DATABASE_URL', 'postgres:///secret?host=db1.example,db2.example'],
    ['DATABASE_URL', 'postgres:///secret'],
    ['DATABASE_CONNECTIONS', '1'],
    ['DATABASE_CONNECTIONS', '101'],
    ['NODE_ENV', 'Production'],
    ['NODE_ENV', 'PRODUCTION'],
    ['NODE_ENV', 'prod'],
  ])('refuses %s=%s', (name, value) => {
    const problems = problemsOf({ ...needed, [name]: value });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name} .+\\.$`))]);
    expect(problems.join()).not.toContain('secret');
  });

  it.each(['grüße', 'two words', 'abc#def', 'x'])(
    'takes the verify token %s: the dashboard does, too',
    (VERIFY_TOKEN) => {
      expect(loadConfig({ ...needed, VERIFY_TOKEN }).verifyToken).toBe(VERIFY_TOKEN);
    },
  );

  it.each(['development', 'test', 'staging', 'reproduction'])(
    'takes NODE_ENV=%s for what is no production',
    (NODE_ENV) => {
      expect(loadConfig({ ...needed, NODE_ENV }).production).toBe(false);
    },
  );

  it('starts without APP_SECRET, but not in production', () => {
    expect(loadConfig({ ...needed, NODE_ENV: 'development' }).appSecrets).toEqual([]);
    expect(problemsOf({ ...needed, NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(/^APP_SECRET is missing/),
    ]);
    expect(problemsOf({ ...needed, NODE_ENV: 'production', APP_SECRET: ' , ' })).toHaveLength(1);
  });

  it.each([
    ['PAGE_ACCESS_TOKEN', '', /^PAGE_ACCESS_TOKEN is missing\. Find it in the App Dashboard/],
    [
      'PAGE_ACCESS_TOKEN',
      'two words',
      /^PAGE_ACCESS_TOKEN holds a space.* Copy it again: it stands in the App Dashboard/,
    ],
    ['VERIFY_TOKEN', '', /^VERIFY_TOKEN is missing\. Make up .* the App Dashboard under Webhooks/],
    [
      'DATABASE_URL',
      'postgres://',
      /^DATABASE_URL must look like postgres:\/\/USER:PASSWORD@HOST:5432\/DATABASE, .* %40 /,
    ],
    ['VERIFY_TOKEN', 'a\u0001', /^VERIFY_TOKEN holds a control character.* the App Dashboard under Webhooks/],
    ['LOG_LEVEL', 'loud', /^LOG_LEVEL must be one of fatal, error, .*; it is now "loud"\.$/],
    ['LOG_PSID', 'yes', /^LOG_PSID must be true or false; it is now "yes"\.$/],
    ['OPERATIONS_PORT', '70000', /^OPERATIONS_PORT must be a whole number from 0 to 65535; it is now "70000"\.$/],
    ['PORT', '1'.repeat(100), new RegExp(`it is now "1{60}"\\.$`)],
  ])('says of %s=%j what is wrong and what to do', (name, value, told) => {
    expect(problemsOf({ ...needed, [name]: value })).toEqual([expect.stringMatching(told)]);
  });

  it.each([
    ['PORT', '65535'],
    ['MAX_SENDS_PER_SECOND', '300'],
    ['GRAPH_API_VERSION', 'v25.10'],
    ['GRAPH_API_URL', 'https://graph.example'],
    ['GRAPH_API_URL', 'http://graph.example'],
    ['APP_SECRET', 'secret'],
    ['DATABASE_URL', 'postgres://db/bot'],
    ['DATABASE_URL', 'postgresql://bot:p%40ss@[::1]:5433/bot?sslmode=require&sslrootcert=/etc/ca.pem'],
    ['DATABASE_URL', 'postgres:///bot?host=/run/postgresql'],
    ['DATABASE_URL', 'postgres://bot@%2Frun%2Fpostgresql/bot'],
    ['DATABASE_CONNECTIONS', '2'],
  ])('takes %s=%s, in production, too', (name, value) => {
    expect(loadConfig({ ...needed, APP_SECRET: 'x', NODE_ENV: 'production', [name]: value }).production).toBe(true);
  });

  it('takes an address with slashes at its end', () => {
    expect(loadConfig({ ...needed, GRAPH_API_URL: 'https://graph.example//' }).graphApiUrl).toBe(
      'https://graph.example',
    );
  });

  it('says what to do when one setting is wrong', () => {
    const message = new ConfigError(problemsOf({ PAGE_ACCESS_TOKEN: 'x' })).message;
    expect(message).toContain('1 setting needs attention');
    expect(message).toContain('\n  - VERIFY_TOKEN is missing.');
    expect(message).toContain('.env.example');
  });
});

describe('the address of the database alone', () => {
  it('needs no other setting, and may be missing or empty', () => {
    expect(readDatabaseUrl({ DATABASE_URL: ' postgres://bot@db.example/bot ' })).toBe('postgres://bot@db.example/bot');
    expect(readDatabaseUrl({})).toBeUndefined();
    expect(readDatabaseUrl({ DATABASE_URL: '  ' })).toBeUndefined();
    expect(() => readDatabaseUrl({ DATABASE_URL: 'postgres://bot:secret@' })).toThrow(ConfigError);
  });
});
