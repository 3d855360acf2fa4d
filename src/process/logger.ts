import { createRequire } from 'node:module';
import pino, { type DestinationStream, type Logger } from 'pino';
import type * as Pretty from 'pino-pretty';
import type { Config } from '../config';
import type { LogOutput } from './log-output';
import { secretsOf, textsOf } from './secret-keeper';
import { createWipe, secretsInUrl, tellingFormsOf } from './wipe';

export type { Logger } from 'pino';

/**
 * Makes the logger.
 *
 * Whatever a line is made of, the configured secrets are wiped from it before it is written, and of an error only name,
 * message, stack and the facts that `messenger/graph-error.ts` documents are kept: an HTTP client's error carries the
 * whole request, token included.
 *
 * @param config the settings; `logLevel` and `databaseUrl` are used
 * @param destination where lines go
 * @param form what a line of JSON is turned into before
 * @param secrets all secrets that are, or were, in use
 */
export function createLogger(
  config: Config,
  destination: DestinationStream,
  form: (line: string) => string = (line) => line,
  secrets: ReadonlySet<string> = new Set(textsOf(secretsOf(config))),
): Logger {
  const wipeSecrets = createGrowingWipe(secrets, secretsInUrl(config.databaseUrl ?? ''));
  return pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: ['access_token', '*.access_token', 'token', '*.token', 'headers', '*.headers'],
      serializers: { err: describeError },
      hooks: { streamWrite: (line) => form(wipeSecrets(line)) },
    },
    destination,
  );
}

/**
 * Makes the logger of a whole program: JSON lines, or readable lines on a terminal in development. Lines that get lost are counted
 * and told.
 */
export function createProgramLogger(config: Config, output: LogOutput, secrets?: ReadonlySet<string>): Logger {
  const form = output.isTerminal && !config.production ? readable() : undefined;
  const log = createLogger(config, output, form, secrets);
  output.onLost((lines, reason) => {
    log.warn({ lines, reason }, 'log lines were lost: they could not be written in time');
  });
  return log;
}

/** Loaded only where a person looks. */
function readable(): (line: string) => string {
  const { prettyFactory } = createRequire(__filename)('pino-pretty') as typeof Pretty;
  return prettyFactory({ colorize: true });
}

/** Names of the fields an error may bring into a log line, beside its name, message and stack. */
const errorFacts = ['action', 'advice', 'code', 'subcode', 'httpStatus', 'fbtraceId', 'path', 'status'] as const;

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const facts = errorFacts.flatMap((name) => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' || typeof value === 'number' ? [[name, value] as const] : [];
  });
  return { name: error.name, message: error.message, ...Object.fromEntries(facts), stack: error.stack };
}

/** More may come: secrets are replaced while the bot runs. */
function createGrowingWipe(secrets: ReadonlySet<string>, others: readonly string[]): (line: string) => string {
  let wipe = createWipe([]);
  let known = 0;
  return (line) => {
    if (known < secrets.size) wipe = createWipe(tellingFormsOf([...others, ...secrets]));
    known = secrets.size;
    return wipe(line);
  };
}
