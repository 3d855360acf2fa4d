import dotenv from 'dotenv';
import express, { type Express } from 'express';
import { announce, explainStart } from './announce';
import { loadConfig, type Config } from './config';
import type { Handler, HandlerContext } from './handlers/handler';
import { handleMessaging } from './handlers/messaging';
import { handleStandby } from './handlers/standby';
import { listen } from './http-server';
import { createLogger, type Logger } from './logger';
import { createGraphApi } from './messenger/graph-api';
import { logCalls } from './messenger/log-calls';
import { createConversationQueue } from './queue/conversation-queue';
import { endOnMistakes, stopOnSignals } from './end-of-process';
import { flattenEvents, type Channel, type WebhookEvent } from './webhook/events';
import { answerVerification } from './webhook/middleware/answer-verification';
import { readBody } from './webhook/middleware/read-body';
import { refuseErrors } from './webhook/middleware/refuse-errors';
import type { WebhookBody } from './webhook/payload';

/** Which handler decides on which channel: `messaging` while the bot is in control, `standby` while the inbox is. */
const handlers: Readonly<Record<Channel, Handler>> = {
  messaging: handleMessaging,
  standby: handleStandby,
};

/** The bot with everything it is made of, not yet listening. */
export interface Bot {
  readonly app: Express;
  /** Resolves when every event that was taken in has been dealt with. */
  idle(): Promise<void>;
}

/**
 * Makes the Express app: the front door, and nothing behind it.
 *
 * @param config the settings; `verifyToken` and `appSecrets` are used
 * @param log where refusals and failures are noted
 * @param accept takes a body's events; the POST is answered 200 once it returns
 */
export function createApp(config: Config, log: Logger, accept: (events: readonly WebhookEvent[]) => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app
    .route('/webhook')
    .get(answerVerification(config.verifyToken))
    .post(...readBody(config.appSecrets), (req, res) => {
      accept(flattenEvents(req.body as WebhookBody, Date.now()));
      res.sendStatus(200);
    })
    .all((_req, res) => {
      res.status(405).set('Allow', 'GET, HEAD, POST').type('text/plain').send('Use GET or POST.');
    });

  app.use((_req, res) => {
    res.status(404).type('text/plain').send('Nothing lives here. The webhook is at /webhook.');
  });
  app.use(refuseErrors(log));
  return app;
}

/**
 * Puts everything together: the front door, the queue, the handlers and the way out.
 *
 * @param config the settings
 * @param log where everything is noted
 */
export function createBot(config: Config, log: Logger): Bot {
  const context: HandlerContext = { graph: logCalls(createGraphApi(config), log), appId: config.appId };
  const queue = createConversationQueue();

  const app = createApp(config, log, (events) => {
    const jobs = events.flatMap((event) => {
      const { psid, isEcho, object, pageId = '', timestamp } = event;
      if (psid === undefined || isEcho) {
        log.debug({ channel: event.channel, kind: event.kind, isEcho }, 'event ignored');
        return [];
      }
      const run = () => handleEvent({ ...event, psid }, context, log);
      return [{ conversation: `${object}/${pageId}/${psid}`, timestamp, run }];
    });
    queue.add(jobs);
  });

  return { app, idle: () => queue.idle() };
}

async function handleEvent(
  event: WebhookEvent & { readonly psid: string },
  context: HandlerContext,
  log: Logger,
): Promise<void> {
  const { channel, kind } = event;
  try {
    const outcome = await handlers[channel](event, context);
    if (outcome === 'ignored') log.debug({ channel, kind }, 'event ignored');
    else log.info({ channel, kind, outcome }, 'event handled');
  } catch (error) {
    log.error({ channel, kind, err: error }, 'event not handled');
  }
}

/** A bot that listens. */
export interface RunningBot {
  readonly port: number;
  readonly log: Logger;
  /** Takes no new connections and resolves when the running work is done. */
  readonly stop: () => Promise<void>;
}

/**
 * Reads the settings, puts the bot together and listens.
 *
 * @param env the environment
 * @throws {ConfigError} when a setting is wrong, or the system's error when the port cannot be listened on
 */
export async function start(env: NodeJS.ProcessEnv): Promise<RunningBot> {
  const config = loadConfig(env);
  const log = createLogger(config);
  const bot = createBot(config, log);
  const server = await listen(bot.app, config);
  announce(config, server.port, log);
  return {
    port: server.port,
    log,
    stop: async () => {
      await Promise.all([server.close(), bot.idle()]);
    },
  };
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) {
  dotenv.config({ quiet: true });
  start(process.env).then(
    ({ log, stop }) => {
      endOnMistakes(log);
      stopOnSignals(log, stop);
    },
    (error: unknown) => {
      process.stderr.write(`${explainStart(error)}\n`);
      process.exit(1);
    },
  );
}
