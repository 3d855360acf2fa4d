import { z } from 'zod';

/** Everything an operator can set, checked and typed, as it was at the start. */
export interface Config {
  /** Token of the one Page the bot writes as; undefined where `pagesFile` has the Pages. */
  readonly pageAccessToken: string | undefined;
  /** Path of the file that has the Pages and their tokens. */
  readonly pagesFile: string | undefined;
  /** The word agreed with the App Dashboard for the verification of the webhook. */
  readonly verifyToken: string;
  /** App Secrets a webhook may be signed with, the current one first. Empty: signatures are not checked. */
  readonly appSecrets: readonly string[];
  /** This app's id, as a string of digits. */
  readonly appId: string | undefined;
  readonly port: number;
  /** Address to listen on; undefined means all interfaces. */
  readonly host: string | undefined;
  /** Where the Graph API answers, without a trailing slash. */
  readonly graphApiUrl: string;
  /** Like `v25.0`; undefined means unversioned calls, as in the tutorial. */
  readonly graphApiVersion: string | undefined;
  readonly logLevel: LogLevel;
  /** Whether log lines name people by their page-scoped ids. */
  readonly logPsid: boolean;
  /** Port for operators (health, metrics, state); undefined: none. */
  readonly operationsPort: number | undefined;
  /** Address to listen on for operators. */
  readonly operationsHost: string;
  /** Folder in which events are kept until they are dealt with. */
  readonly dataDir: string;
  /** Where the database is in which events are kept instead; undefined: none. Secret. */
  readonly databaseUrl: string | undefined;
  /** How many connections to the database this process opens, at most. */
  readonly databaseConnections: number;
  readonly maxConcurrentConversations: number;
  readonly maxSendsPerSecond: number;
  readonly maxPendingEvents: number;
  /** NODE_ENV is `production`. */
  readonly production: boolean;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The environment holds values the bot cannot start with; `problems` has one line a mistake, with its remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** @param remedy where to put them right */
  constructor(
    readonly problems: readonly string[],
    remedy = 'Put the values into a file named .env (see .env.example) in the folder the bot is started in, or into the environment, and start again.',
  ) {
    super(
      [
        `The bot cannot start: ${problems.length} ${problems.length === 1 ? 'setting needs' : 'settings need'} attention.`,
        ...problems.map((problem) => `  - ${problem}`),
        remedy,
      ].join('\n'),
    );
  }
}

/** Where a value is found. */
const places = {
  pageAccessToken: 'in the App Dashboard under Messenger > Settings, "Generate token" beside your Page',
  verifyToken: 'the App Dashboard under Webhooks',
};

/** What a token can look like. */
export const TOKEN = /^[^\s"'\P{ASCII}\p{Cc}]+$/u;

const environment = z.object({
  PAGE_ACCESS_TOKEN: z
    .string()
    .regex(TOKEN, {
      error: () =>
        `holds a space, a quote or another character that no token has. Copy it again: it stands ${places.pageAccessToken}.`,
    })
    .optional(),
  PAGES_FILE: z.string().optional(),
  /** The platform takes any text. */
  VERIFY_TOKEN: z
    .string({
      error: () => `is missing. Make up a long random word and enter the same word in ${places.verifyToken}.`,
    })
    .regex(/^\P{Cc}+$/u, {
      error: () => `holds a control character. Enter the same text as in ${places.verifyToken}.`,
    }),
  APP_SECRET: z
    .string()
    .default('')
    .transform((list) => list.split(',').map((one) => one.trim()))
    .transform((list) => list.filter((one) => one !== '')),
  APP_ID: z
    .string()
    .regex(/^\d{1,20}$/, { error: shown('is the number at the top of the App Dashboard, digits only') })
    .optional(),
  PORT: wholeNumber(0, 65_535).default(1337),
  HOST: z.string().optional(),
  GRAPH_API_URL: z
    .string()
    .refine(isPlainHttpUrl, {
      error: () => 'must be an http(s) address without user, query or fragment, like https://graph.facebook.com.',
    })
    .transform((url) => url.replace(/\/+$/, ''))
    .default('https://graph.facebook.com'),
  GRAPH_API_VERSION: z
    .string()
    .regex(/^v\d{1,3}\.\d{1,2}$/, { error: shown('must look like v25.0, or be left out for unversioned calls') })
    .optional(),
  LOG_PSID: z.enum(['true', 'false'], { error: shown('must be true or false') }).default('false'),
  OPERATIONS_PORT: wholeNumber(0, 65_535).default(9464),
  OPERATIONS_HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z.enum(logLevels, { error: shown(`must be one of ${logLevels.join(', ')}`) }).default('info'),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .refine(isDatabaseUrl, {
      error: () =>
        'must look like postgres://USER:PASSWORD@HOST:5432/DATABASE, with one host; in user and password, write @ : / ? # % as %40 %3A %2F %3F %23 %25.',
    })
    .optional(),
  DATABASE_CONNECTIONS: wholeNumber(2, 100).default(10),
  MAX_CONCURRENT_CONVERSATIONS: wholeNumber(1, 10_000).default(1_000),
  MAX_SENDS_PER_SECOND: wholeNumber(1, 300).default(40),
  MAX_PENDING_EVENTS: wholeNumber(1, 100_000_000).default(100_000),
  NODE_ENV: z
    .string()
    .refine((value) => value === 'production' || !/^prod/i.test(value), {
      error: shown('must be written production, in small letters, to switch on what it stands for'),
    })
    .optional(),
});

/** The names of all settings. */
export const settingNames: readonly string[] = Object.keys(environment.shape);

/**
 * Reads the bot's settings.
 *
 * @param env the environment; an empty or blank value counts as unset
 * @returns the checked settings with their defaults filled in
 * @throws {ConfigError} naming every mistake at once, each with its remedy; secrets are never repeated
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(
    Object.keys(environment.shape)
      .map((name) => [name, env[name]?.trim()] as const)
      .filter(([, value]) => value !== ''),
  );
  const result = environment.safeParse(set);
  const issues = result.error?.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`) ?? [];
  const problems = [...findWrongSource(set), ...issues];
  const { PORT: port, OPERATIONS_PORT: operationsPort } = result.data ?? {};
  if (port !== 0 && port !== undefined && port === operationsPort) {
    problems.push('OPERATIONS_PORT must not be the same as PORT: set it to another number, or to 0 to do without it.');
  }
  const production = set['NODE_ENV'] === 'production';
  if (production && !set['APP_SECRET']?.replaceAll(/[\s,]/g, '')) {
    problems.push(
      'APP_SECRET is missing, and without it anyone can forge events. With NODE_ENV=production it is required: copy it from the App Dashboard under App settings > Basic.',
    );
  }
  if (!result.success || problems.length > 0) throw new ConfigError(problems);

  const values = result.data;
  return {
    pageAccessToken: values.PAGE_ACCESS_TOKEN,
    pagesFile: values.PAGES_FILE,
    verifyToken: values.VERIFY_TOKEN,
    appSecrets: values.APP_SECRET,
    appId: values.APP_ID,
    port: values.PORT,
    host: values.HOST,
    graphApiUrl: values.GRAPH_API_URL,
    graphApiVersion: values.GRAPH_API_VERSION,
    logLevel: values.LOG_LEVEL,
    logPsid: values.LOG_PSID === 'true',
    operationsPort: values.OPERATIONS_PORT === 0 ? undefined : values.OPERATIONS_PORT,
    operationsHost: values.OPERATIONS_HOST,
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    databaseConnections: values.DATABASE_CONNECTIONS,
    maxConcurrentConversations: values.MAX_CONCURRENT_CONVERSATIONS,
    maxSendsPerSecond: values.MAX_SENDS_PER_SECOND,
    maxPendingEvents: values.MAX_PENDING_EVENTS,
    production,
  };
}

/** The tokens come from one place: which one is in use must not be a riddle. */
function findWrongSource({ PAGE_ACCESS_TOKEN: token, PAGES_FILE: file }: NodeJS.Dict<string>): string[] {
  const problems: string[] = [];
  if (token === undefined && file === undefined) {
    problems.push(
      `PAGE_ACCESS_TOKEN is missing. Find it ${places.pageAccessToken}. For several Pages, set PAGES_FILE instead.`,
    );
  }
  if (token !== undefined && file !== undefined) {
    problems.push(
      'PAGES_FILE and PAGE_ACCESS_TOKEN are both set. Put every token into the file and remove PAGE_ACCESS_TOKEN, or remove PAGES_FILE.',
    );
  }
  return problems;
}

/**
 * Reads where the database is, for whoever needs no other setting.
 *
 * @throws {ConfigError} when it is no address of a database; it is never repeated
 */
export function readDatabaseUrl(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const url = env['DATABASE_URL']?.trim();
  const result = environment.shape.DATABASE_URL.safeParse(url === '' ? undefined : url);
  if (!result.success) throw new ConfigError(result.error.issues.map(({ message }) => `DATABASE_URL ${message}`));
  return result.data;
}

/** An error text for a value that is no secret and may therefore be shown, shortened, to help find the mistake. */
function shown(rule: string): (issue: { input?: unknown }) => string {
  return ({ input }) => `${rule}; it is now ${JSON.stringify(String(input).slice(0, 60))}.`;
}

function wholeNumber(least: number, most: number) {
  const error = shown(`must be a whole number from ${least} to ${most}`);
  return z
    .string()
    .regex(/^\d{1,12}$/, { error })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error });
}

function isPlainHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return plain && (url.protocol === 'https:' || url.protocol === 'http:');
}

/**
 * The host may also stand in the query, where it is the folder of a socket.
 *
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
function isDatabaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hostname, pathname, searchParams, hash } = new URL(text);
  const isPostgres = protocol === 'postgres:' || protocol === 'postgresql:';
  const hosts = [hostname, searchParams.get('host') ?? ''].filter(Boolean);
  const isOneHost = hosts.length > 0 && hosts.every((host) => !host.includes(','));
  const isWhole = /^\/[^/@]+$/.test(pathname) && hash === '';
  const isEncoded = [username, password, pathname].every((part) => decodePart(part) !== undefined);
  return isPostgres && isOneHost && isWhole && isEncoded;
}

/** What a part of an address stands for; undefined where it is not encoded as it must be. */
export function decodePart(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
