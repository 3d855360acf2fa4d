import path from 'node:path';
import type { Config } from '../config';
import type { InheritedSocket } from './inherited-socket';
import type { Logger } from './logger';
import { isLoopback } from './loopback';

/** What only shows at the start. */
export interface StartFacts {
  /** The port that is really listened on. */
  readonly port: number;
  /** The address that is really listened on. */
  readonly address: string;
  /** What came from the system, if anything; PORT and HOST play no part then. */
  readonly socket?: InheritedSocket | undefined;
  /** PORT as it is set. */
  readonly portAskedFor?: string | undefined;
  /** Other users of the machine may look into the data folder. */
  readonly isDataOpen: boolean;
  /** Other users of the machine may read the tokens of the Pages. */
  readonly isPagesFileOpen: boolean;
  /** How many Pages there are; undefined where there is one token for one. */
  readonly pages: number | undefined;
}

/**
 * Says that the webhook listens, where, and which protections are on; each one that is off, or looks wrong, gets a warning with
 * its remedy.
 *
 * @param config the settings
 * @param facts what the settings do not tell
 * @param log where it is said
 */
export function announce(config: Config, facts: StartFacts, log: Logger): void {
  const { port, portAskedFor, isDataOpen, isPagesFileOpen } = facts;
  const graph = new URL(config.graphApiUrl);
  const protections = {
    webhookSignatures: config.appSecrets.length > 0,
    appSecretProof: config.appSecrets.length > 0,
    graphOverHttps: graph.protocol === 'https:',
  };
  const data = config.databaseUrl === undefined ? path.resolve(config.dataDir) : 'PostgreSQL';
  const host = facts.socket ? facts.address : (config.host ?? 'all interfaces');
  const socket = facts.socket && 'handed over by the system';
  log.info({ port, host, socket, data, pages: facts.pages, graph: graph.origin, protections }, 'webhook is listening');
  if (socket && portAskedFor !== undefined && Number(portAskedFor) !== port) {
    log.warn(
      `PORT=${portAskedFor} plays no part: the system hands over a socket with port ${port}. Let the proxy forward to that one, and remove PORT.`,
    );
  }
  if (!protections.webhookSignatures) {
    log.warn(
      'APP_SECRET is not set: anyone who finds this address can forge events. Copy it from the App Dashboard under App settings > Basic.',
    );
  }
  if (!config.appSecrets.every((secret) => /^[0-9a-f]{32}$/.test(secret))) {
    log.warn(
      'APP_SECRET does not look like one (32 digits and letters a to f): if it is wrong, every event is refused. Compare it with the App Dashboard under App settings > Basic.',
    );
  }
  if (isDataOpen) {
    log.warn(
      { data },
      'DATA_DIR is open to other users of this machine. Its files are not, but chmod 700 keeps even their names to yourself.',
    );
  }
  if (isPagesFileOpen) {
    log.warn(
      { file: config.pagesFile },
      'PAGES_FILE is open to other users of this machine: they may read the tokens. Keep it to yourself with chmod 600.',
    );
  }
  if (!protections.graphOverHttps && !isLoopback(graph.hostname)) {
    log.warn('GRAPH_API_URL is not https: the Page access token crosses the network unprotected.');
  }
}

/**
 * Makes what says that stored data is not as it was written. Whatever can be read goes on.
 *
 * @param log where it is said
 * @returns takes what is wrong, or undefined when nothing is
 */
export function createDamageReport(log: Logger): (damage: string | undefined) => void {
  return (damage) => {
    if (damage === undefined) return;
    const remedy = 'restore a backup of DATA_DIR, or end such an event with npm run queue -- drop ID';
    log.error({ damage }, `the stored events are damaged; all others go on: ${remedy}`);
  };
}

/**
 * Makes what says that somebody has removed or replaced files of the data folder under the running bot.
 *
 * @param log where it is said
 * @returns takes what was found, and what was done about it
 */
export function createMendReport(log: Logger): (found: string) => void {
  return (found) => {
    log.warn({ found }, 'somebody else has changed DATA_DIR; no event is lost. Find out who, and leave it to the bot');
  };
}

/**
 * Makes what says that other instances have gone on with what was this one's.
 *
 * @param log where it is said
 * @returns takes how many conversations they are
 */
export function createLossReport(log: Logger): (conversations: number) => void {
  return (conversations) => {
    log.warn(
      { conversations },
      'another instance has taken over conversations: this one stood still, or did not reach the database, for longer than 20 seconds. What was under way in them may be sent twice',
    );
  };
}
