import pino, { type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config';

export type { Logger } from 'pino';

/** Shorter values would also match ordinary words of a line; they are kept out of the logs by never being logged. */
const SHORTEST_SECRET_TO_WIPE = 12;

/**
 * Makes the logger: JSON lines, or readable lines on a terminal in development.
 *
 * Whatever a line is made of, the configured secrets are wiped from it before it is written, and of an error only name,
 * message, stack and the facts that `messenger/graph-error.ts` documents are kept: an HTTP client's error carries the
 * whole request, token included.
 *
 * @param config the settings; `logLevel`, `production` and the secrets are used
 * @param destination where lines go; standard output unless given
 */
export function createLogger(config: Config, destination?: DestinationStream): Logger {
  const wipe = createWipe([config.pageAccessToken, config.verifyToken, ...config.appSecrets]);
  return pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: ['access_token', '*.access_token', 'token', '*.token', 'headers', '*.headers'],
      serializers: { err: describeError },
      hooks: { streamWrite: wipe },
    },
    destination ?? standardOutput(config),
  );
}

function standardOutput(config: Config): DestinationStream {
  const readable = process.stdout.isTTY && !config.production;
  return readable ? pretty({ sync: true, ignore: 'pid,hostname' }) : pino.destination({ dest: 1, sync: true });
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

function createWipe(secrets: readonly string[]): (line: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET_TO_WIPE)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  return (line) => forms.reduce((text, form) => text.replaceAll(form, '[redacted]'), line);
}
