import { setImmediate as nextTurn } from 'node:timers/promises';
import express, { type Express } from 'express';
import createError from 'http-errors';
import { loadConfig, type Config } from './config';
import { createEventHandler, isAnswered } from './handle-event';
import { createGraphApi } from './messenger/graph-api';
import { logCalls } from './messenger/log-calls';
import { announce, createDamageReport, createMendReport } from './process/announce';
import { systemClock, type Clock } from './process/clock';
import { endOnMistakes, stopOnSignals } from './process/end-of-process';
import { completeEnvironment } from './process/environment';
import { listen } from './process/http-server';
import { takeInheritedSocket, type InheritedSocket } from './process/inherited-socket';
import { createLimitedLog } from './process/limited-log';
import { openLogOutput, type LogOutput } from './process/log-output';
import { createProgramLogger, type Logger } from './process/logger';
import { requireMachine } from './process/machine';
import { explainStart } from './process/operator-error';
import { createEventQueue, type EventQueue } from './queue/event-queue';
import type { EventStore, NewEvent } from './queue/event-store';
import { checkData, type DataCheck } from './queue/lmdb/check-data';
import { isLeftoverOfFailedCommit } from './queue/lmdb/commit-error';
import { prepareFolder } from './queue/lmdb/folder';
import { openLmdbStore } from './queue/lmdb/store';
import { eventId } from './webhook/event-id';
import { flattenEvents, type WebhookEvent } from './webhook/events';
import { answerVerification } from './webhook/middleware/answer-verification';
import { readBody } from './webhook/middleware/read-body';
import { createRefusals, refusal } from './webhook/middleware/refusals';
import type { WebhookBody } from './webhook/payload';

/** The bot with everything it is made of, not yet listening. */
export interface Bot {
  readonly app: Express;
  readonly queue: EventQueue;
}

/**
 * Makes the Express app: the front door, and nothing behind it.
 *
 * @param config the settings; `verifyToken` and `appSecrets` are used
 * @param log where refusals and failures are noted
 * @param accept makes the events of a body safe; the POST is answered 200 once it resolves, and 503 when it rejects
 */
export function createApp(config: Config, log: Logger, accept: (body: WebhookBody) => Promise<void>): Express {
  const app = express();
  const refusals = createRefusals(log, createLimitedLog());
  app.disable('x-powered-by');
  app.disable('etag');

  app
    .route('/webhook')
    .get(answerVerification(config.verifyToken))
    .post(...readBody(config.appSecrets, refusals), async (req, res) => {
      await accept(req.body as WebhookBody).catch(deliverAgain);
      await nextTurn(); // the person's answer leaves first: the platform has 5 seconds
      res.writeHead(200, taken).end('OK'); // one write, headers included
    })
    .all((_req, res) => {
      res.set('Allow', 'GET, HEAD, POST');
      throw refusal(405, 'Use GET or POST.');
    });

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

/**
 * Puts everything together: the front door, the queue, the handlers and the way out.
 *
 * @param config the settings
 * @param log where everything is noted
 * @param store where events are kept until they are dealt with
 * @param clock tells the time and waits
 */
export function createBot(config: Config, log: Logger, store: EventStore, clock: Clock = systemClock): Bot {
  const graph = logCalls(createGraphApi(config), log);
  const queue = createEventQueue({
    store,
    handle: createEventHandler(graph, { appId: config.appId }, log),
    log,
    clock,
    random: Math.random,
    maxConcurrentConversations: config.maxConcurrentConversations,
    maxPendingEvents: config.maxPendingEvents,
    maxSendsPerSecond: config.maxSendsPerSecond,
  });
  const toStore = (event: WebhookEvent): NewEvent[] => {
    const { object, pageId = '', channel, kind, timestamp } = event;
    if (!isAnswered(event)) {
      log.debug({ channel, kind }, 'event ignored');
      return [];
    }
    const conversation = `${object}/${pageId}/${event.psid}`;
    return [{ id: eventId(event), page: PAGE_OF_THE_TOKEN, conversation, timestamp, payload: event }];
  };
  const app = createApp(config, log, async (body) => {
    const events: NewEvent[] = [];
    let read = 0;
    for (const event of flattenEvents(body, clock.now())) {
      if (event) events.push(...toStore(event));
      read += 1;
      if (read % READ_AT_ONCE === 0) await nextTurn(); // somebody else's request may have come
    }
    await queue.add(events);
  });
  return { app, queue };
}

/** How many events of a large body are read in one go. */
const READ_AT_ONCE = 250;

/** All calls are made with one token, also those for the Page's Instagram account: they share its pace and its limits. */
const PAGE_OF_THE_TOKEN = 'me';

/** A bot that listens. */
export interface RunningBot {
  readonly port: number;
  readonly log: Logger;
  /** Says where it listens, and what looks wrong: when whoever reads that can stop it again. */
  readonly announce: () => void;
  /** Takes no new connections and resolves when the running work is done. */
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
  const config = loadConfig(env);
  const log = createProgramLogger(config, output);
  const { isDataOpen } = prepareFolder(config.dataDir);
  const check = checkData(config.dataDir);
  try {
    await check.readable;
    const { port, host, stop } = await listenWith(config, log, check.whole, socket);
    const inherited = socket && { host, ignoredPort: env['PORT'] };
    return {
      port,
      log,
      announce: () => {
        announce(config, { port, inherited, isDataOpen }, log);
      },
      stop: () => Promise.all([check.stop(), stop()]).then(() => undefined),
    };
  } catch (error) {
    await check.stop();
    throw error;
  }
}

/** Opens the store, listens and begins to handle what waits. */
async function listenWith(config: Config, log: Logger, checked: DataCheck['whole'], socket?: InheritedSocket) {
  const onDamage = createDamageReport(log);
  const store = await openLmdbStore(config.dataDir, { exclusive: true, onDamage, onMended: createMendReport(log) });
  try {
    const { app, queue } = createBot(config, log, store);
    const server = await listen(app, { ...config, socket });
    queue.start();
    void checked.then(onDamage);
    const stop = async () => {
      await server.close(queue.stop());
      await store.close();
    };
    return { port: server.port, host: server.host, stop };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) {
  const run = async (): Promise<void> => {
    process.umask(0o077); // what the bot writes is for its owner only
    const socket = takeInheritedSocket(process.env, process.pid);
    completeEnvironment(process.env);
    const output = openLogOutput(1);
    const bot = await start(process.env, output, socket);
    endOnMistakes(bot.log, output, isLeftoverOfFailedCommit);
    stopOnSignals(bot.log, output, bot.stop);
    bot.announce();
  };
  run().catch((error: unknown) => {
    process.stderr.write(`${explainStart(error)}\n`);
    process.exit(1);
  });
}
