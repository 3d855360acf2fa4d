import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import express, { type Express } from 'express';
import createError from 'http-errors';
import { createAccept } from './accept-events';
import { loadConfig, type Config } from './config';
import { createEventHandler } from './handle-event';
import type { PersonEvent } from './handlers/handler';
import { CALL_LIMIT_MS } from './messenger/graph-api';
import { createPageGraphs } from './messenger/page-graphs';
import { trySecrets } from './messenger/try-secrets';
import { createOperations, type Operations } from './operations/operations';
import { alive, tellReadiness } from './operations/operations-app';
import { createReadiness, type Readiness } from './operations/readiness';
import { announce, createDamageReport, createLossReport, createMendReport } from './process/announce';
import { systemClock, type Clock } from './process/clock';
import { endOnMistakes, stopOnSignals } from './process/end-of-process';
import { completeEnvironment } from './process/environment';
import { listen, type HttpServer } from './process/http-server';
import { takeInheritedSocket, type InheritedSocket } from './process/inherited-socket';
import { createLimitedLog } from './process/limited-log';
import { openLogOutput, type LogOutput } from './process/log-output';
import { createProgramLogger, type Logger } from './process/logger';
import { requireMachine } from './process/machine';
import { explainStart } from './process/operator-error';
import { isOpenToOthers } from './process/pages-file';
import type { PageBook } from './process/page-book';
import { createPersonName, type PersonName } from './process/person-name';
import { createReload, hasTerminal } from './process/reload';
import { createSecretKeeper, secretsOf, type SecretKeeper, type Secrets } from './process/secret-keeper';
import { createEventQueue, type EventQueue } from './queue/event-queue';
import type { EventStore } from './queue/event-store';
import { isLeftoverOfFailedCommit } from './queue/lmdb/commit-error';
import { openEvents, type OpenedEvents } from './queue/open';
import { createWatch, nobodyWatches, type Watch } from './watch';
import { answerVerification } from './webhook/middleware/answer-verification';
import { SIGNATURE_HEADER, readBody } from './webhook/middleware/read-body';
import { createRefusals, refusal } from './webhook/middleware/refusals';
import type { WebhookBody } from './webhook/payload';

/** The bot with everything it is made of, not yet listening. */
export interface Bot {
  readonly app: Express;
  readonly queue: EventQueue;
}

/** What the front door needs. */
export interface AppOptions {
  /** `verifyToken` and `appSecrets` are used; they can be replaced at any time. */
  readonly secrets: () => Pick<Secrets, 'verifyToken' | 'appSecrets'>;
  /** Where refusals and failures are noted. */
  readonly log: Logger;
  /** Makes the events of a body safe; the POST is answered 200 once it resolves, and 503 when it rejects. */
  readonly accept: (body: WebhookBody) => Promise<void>;
  readonly readiness: Pick<Readiness, 'reasons'>;
  readonly watch: Pick<Watch, 'webhookAnswered'>;
}

/** Makes the Express app: the front door, and nothing behind it. */
export function createApp({ secrets, log, accept, readiness, watch }: AppOptions): Express {
  const app = express();
  const refusals = createRefusals(log, createLimitedLog());
  const bodyOfPlatform = readBody(() => secrets().appSecrets, refusals);
  app.disable('x-powered-by');
  app.disable('etag');

  app
    .route('/webhook')
    .get(answerVerification(() => secrets().verifyToken))
    .post((req, res, next) => {
      res.once('close', () => {
        watch.webhookAnswered(res.headersSent ? res.statusCode : 0, req.get(SIGNATURE_HEADER) !== undefined);
      });
      next();
    })
    .post(...bodyOfPlatform, async (req, res) => {
      await accept(req.body as WebhookBody).catch(deliverAgain);
      await nextTurn(); // the person's answer leaves first: the platform has 5 seconds
      res.writeHead(200, taken).end('OK'); // one write, headers included
    })
    .all((_req, res) => {
      res.set('Allow', 'GET, HEAD, POST');
      throw refusal(405, 'Use GET or POST.');
    });
  app.get('/healthz', alive);
  app.get(
    '/readyz',
    tellReadiness(() => readiness.reasons()),
  );

  app.use(() => {
    throw refusal(404, 'Nothing lives here. The webhook is at /webhook.');
  });
  app.use(refusals.handler);
  return app;
}

const taken = { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': 2 } as const;

/** Tells the platform to keep the events and deliver them again. */
function deliverAgain(error: unknown): never {
  throw createError(503, 'The events could not be stored. Please deliver them again.', { cause: error, expose: true });
}

/** What a bot is made of; what is left out does nothing. */
export interface BotOptions {
  readonly config: Config;
  /** Where everything is noted. */
  readonly log: Logger;
  /** Where events are kept until they are dealt with. */
  readonly store: EventStore;
  /** Tells the time and waits. */
  readonly clock?: Clock;
  /** The secrets that are in use now; otherwise those of the settings. */
  readonly secrets?: () => Secrets;
  readonly nameOf?: PersonName;
  readonly readiness?: Readiness;
  readonly watch?: Watch;
}

/** Puts everything together: the front door, the queue, the handlers and the way out. */
export function createBot({ config, log, store, clock = systemClock, ...options }: BotOptions): Bot {
  const {
    secrets = createSecretKeeper(secretsOf(config)).now,
    nameOf = createPersonName(config),
    watch = nobodyWatches,
  } = options;
  const { readiness = createReadiness(clock, config.maxPendingEvents, log) } = options;
  const pages = () => secrets().pages;
  const queue = createEventQueue({
    store,
    handle: createEventHandler({
      graphOf: createPageGraphs(config, secrets),
      pages,
      appId: config.appId,
      log,
      nameOf,
      watch,
    }),
    log,
    clock,
    random: Math.random,
    maxConcurrentConversations: config.maxConcurrentConversations,
    maxPendingEvents: config.maxPendingEvents,
    maxSendsPerSecond: config.maxSendsPerSecond,
    callLimitMs: CALL_LIMIT_MS,
    observer: watch,
    about: ({ payload }) => {
      const { psid, pageId } = payload as PersonEvent;
      return { person: nameOf(psid), ...pages().about(pageId) };
    },
    aboutPage: (page) => pages().about(page),
  });
  const accept = createAccept({ queue, readiness, watch, pages, log, nameOf, clock });
  const app = createApp({ secrets, log, accept, readiness, watch });
  return { app, queue };
}

/** A bot that listens. */
export interface RunningBot {
  readonly port: number;
  readonly log: Logger;
  /** Says where it listens, and what looks wrong: when whoever reads that can stop it again. */
  readonly announce: () => void;
  /** Reads token and secrets anew from the given environment; what they were held for is tried at once. */
  readonly reload: (environment: () => NodeJS.ProcessEnv) => Promise<void>;
  /** Lets no further call out, and resolves when the running work is done and nobody is connected any more. */
  readonly stop: () => Promise<void>;
}

/**
 * Reads the settings, puts the bot together and listens.
 *
 * @param env the environment
 * @param output where log lines go
 * @param socket what to listen on instead of PORT and HOST
 * @throws {ConfigError} when a setting is wrong
 * @throws {OperatorError} when the data cannot be used or the port cannot be listened on; it says what to do
 */
export async function start(env: NodeJS.ProcessEnv, output: LogOutput, socket?: InheritedSocket): Promise<RunningBot> {
  requireMachine(process.versions.node, process.platform);
  const read = loadConfig(env);
  const config = { ...read, dataDir: path.resolve(read.dataDir) }; // the folder it was started in may be gone later
  const secrets = createSecretKeeper(secretsOf(config));
  const log = createProgramLogger(config, output, secrets.ever);
  const readiness = createReadiness(systemClock, config.maxPendingEvents, log);
  const pages = () => secrets.now().pages;
  const foundation = { read, config, secrets, pages, log, readiness, nameOf: createPersonName(config) };
  const operators = await listenForOperators(foundation);
  let opened: OpenedEvents | undefined;
  try {
    opened = await openEvents(config, {
      onDamage: createDamageReport(log),
      onMended: createMendReport(log),
      onLost: createLossReport(log),
    });
    const { isDataOpen } = opened;
    const { port, host, reload, stop } = await listenWith(foundation, operators, opened.store, socket);
    return {
      port,
      log,
      announce: () => {
        const isPagesFileOpen = config.pagesFile !== undefined && isOpenToOthers(config.pagesFile);
        const count = config.pagesFile === undefined ? undefined : pages().pages.length;
        const facts = { port, address: host, socket, portAskedFor: env['PORT'], isDataOpen, isPagesFileOpen };
        announce(config, { ...facts, pages: count }, log);
      },
      reload,
      stop,
    };
  } catch (error) {
    await Promise.all([opened?.store.close(), operators?.server?.close()]);
    throw error;
  }
}

/** What is there from the beginning. */
interface Foundation {
  /** The settings as they were read. */
  readonly read: Config;
  readonly config: Config;
  readonly secrets: SecretKeeper;
  readonly pages: () => PageBook;
  readonly log: Logger;
  readonly readiness: Readiness;
  readonly nameOf: PersonName;
}

/** What operators see, and where; nothing where they want nothing. The bot runs without it, too. */
interface Operators {
  readonly operations: Operations;
  readonly server: HttpServer | undefined;
}

async function listenForOperators(foundation: Foundation): Promise<Operators | undefined> {
  const { config, log } = foundation;
  const { operationsPort: port, operationsHost: host } = config;
  if (port === undefined) return undefined;
  const operations = createOperations({ ...foundation, clock: systemClock });
  try {
    return { operations, server: await listen(operations.app, { port, host }) };
  } catch (error) {
    log.error(
      { err: (error as Error).cause, port, host },
      'nobody can see how the bot is doing: set OPERATIONS_PORT and OPERATIONS_HOST to something that this machine can listen on, or OPERATIONS_PORT=0',
    );
    return { operations, server: undefined };
  }
}

/** Listens and begins to handle what waits. */
async function listenWith(
  foundation: Foundation,
  operators: Operators | undefined,
  store: EventStore,
  socket?: InheritedSocket,
) {
  const { config, secrets, pages, readiness } = foundation;
  const watch =
    operators && createWatch({ ...operators.operations, appId: config.appId, pages, now: () => systemClock.now() });
  const { app, queue } = createBot({ ...foundation, secrets: secrets.now, store, ...(watch && { watch }) });
  const server = await listen(app, { ...config, socket });
  queue.start();
  operators?.operations.begin({ store, queue });
  readiness.begin(store);
  const reload = createReload({
    ...foundation,
    config: foundation.read,
    refusal: (next) => trySecrets(config, next, secrets.now()),
    replaced: () => queue.tryNow(),
  });
  const stop = async () => {
    readiness.end();
    const atRest = queue.stop();
    await Promise.all([server.close(atRest), operators?.server?.close(atRest)]);
    operators?.operations.end();
    await store.close();
  };
  return { port: server.port, host: server.host, reload, stop };
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) {
  const run = async (): Promise<void> => {
    process.umask(0o077); // what the bot writes is for its owner only
    const socket = takeInheritedSocket(process.env, process.pid);
    const given = { ...process.env };
    completeEnvironment(process.env);
    const output = openLogOutput(1);
    const starting = start(process.env, output, socket);
    process.on('SIGHUP', () => {
      if (output.isTerminal && !hasTerminal('/dev/tty')) process.kill(process.pid, 'SIGTERM');
      else void starting.then(({ reload }) => reload(() => completeEnvironment({ ...given })));
    });
    const bot = await starting;
    endOnMistakes(bot.log, output, isLeftoverOfFailedCommit);
    stopOnSignals(bot.log, output, bot.stop);
    bot.announce();
  };
  run().catch((error: unknown) => {
    process.stderr.write(`${explainStart(error)}\n`);
    process.exit(1);
  });
}
