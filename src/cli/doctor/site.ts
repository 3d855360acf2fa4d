import { ConfigError, loadConfig, type Config } from '../../config';
import {
  createAppApi,
  getAppSubscription,
  lookIntoToken,
  type AppSubscription,
  type TokenFacts,
} from '../../messenger/app-setup';
import { createGraphApi, type AnswerFacts } from '../../messenger/graph-api';
import {
  getSubscribedApps,
  getTokenOwner,
  isRoutingOn,
  type SubscribedApp,
  type TokenOwner,
} from '../../messenger/page-setup';
import { completeEnvironment } from '../../process/environment';
import { readEnvFile, type EnvFile } from './env-file';
import { NotChecked } from './not-checked';
import { visitWebhook, type WebhookVisits } from './webhook-visits';

/** What is asked of Graph; each question is put once, whoever wants to know. Rejects with a `GraphError`. */
export interface GraphAnswers {
  readonly owner: () => Promise<TokenOwner>;
  readonly isRoutingOn: () => Promise<boolean | undefined>;
  readonly pageApps: () => Promise<readonly SubscribedApp[]>;
  /** Rejects with `NotChecked` without an app's number and secret. */
  readonly token: () => Promise<TokenFacts>;
  readonly appSubscription: () => Promise<AppSubscription | undefined>;
}

/** An answer of Graph, and when it came. */
export type TimedAnswer = AnswerFacts & {
  /** This machine's time in the middle of the call, milliseconds since 1970. */
  readonly at: number;
};

/** What is looked at. */
export interface Site {
  readonly envFile: EnvFile;
  /** What is wrong with the settings, a line each. */
  readonly problems: readonly string[];
  readonly now: () => number;
  /** The public address, where one was named. */
  readonly url: string | undefined;
  readonly timeoutMs: number;
  /** @throws {NotChecked} while the settings are not complete */
  readonly config: () => Config;
  /** @throws {NotChecked} while the settings are not complete */
  readonly graph: () => GraphAnswers;
  readonly answers: readonly TimedAnswer[];
  /**
   * What the public address answers. Rejects with `NotChecked` where none is known, and with `UnsafeAddressError` where the verify
   * token would cross the network in plain sight.
   */
  readonly webhook: () => Promise<WebhookVisits>;
}

export interface SiteOptions {
  /** It is completed from `.env`, as the bot completes its own. */
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => number;
  readonly url?: string | undefined;
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** Certificates to trust instead of those that Node.js brings along. */
  readonly trusted?: string | undefined;
}

const TIMEOUT_MS = 10_000;
const NO_SETTINGS = 'the settings are not complete: see Settings.';

/** Reads the settings as the bot would, and puts all questions to Graph at once. */
export function createSite({ env, now, url, timeoutMs = TIMEOUT_MS, trusted }: SiteOptions): Site {
  const answers: TimedAnswer[] = [];
  const onAnswer = (facts: AnswerFacts): void => {
    answers.push({ ...facts, at: now() - facts.ms / 2 });
  };
  const { config, graph, problems } = begin(env, (settings) => askGraph(settings, timeoutMs, onAnswer));
  const webhook = remember(async () => {
    if (!config) throw new NotChecked(NO_SETTINGS);
    const address = url ?? (await findAddress(graph));
    return visitWebhook({
      address,
      verifyToken: config.verifyToken,
      appSecret: config.appSecrets[0],
      timeoutMs,
      trusted,
    });
  });
  const known = <T>(value: T | undefined): T => {
    if (value === undefined) throw new NotChecked(NO_SETTINGS);
    return value;
  };
  return {
    ...{ envFile: readEnvFile(), problems, now, url, timeoutMs, answers, webhook },
    config: () => known(config),
    graph: () => known(graph),
  };
}

/** What can be asked with these settings, or what is wrong with them. */
function begin<T>(env: NodeJS.ProcessEnv, ask: (config: Config) => T) {
  try {
    completeEnvironment(env);
    const config = loadConfig(env);
    return { config, graph: ask(config), problems: [] };
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [(error as Error).message];
    return { config: undefined, graph: undefined, problems };
  }
}

function askGraph(config: Config, timeoutMs: number, onAnswer: (facts: AnswerFacts) => void): GraphAnswers {
  const options = { ...config, timeoutMs, onAnswer };
  const page = createGraphApi({ ...options, node: '' });
  const { appId } = config;
  const asApp = <T>(ask: (app: ReturnType<typeof createAppApi>, appId: string) => Promise<T>) => {
    const missing = [
      ...(appId === undefined ? ['APP_ID'] : []),
      ...(config.appSecrets.length === 0 ? ['APP_SECRET'] : []),
    ];
    return remember(async () => {
      if (appId !== undefined && missing.length === 0) return ask(createAppApi(options, appId), appId);
      throw new NotChecked(`${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not set.`, SET_BOTH);
    });
  };
  return {
    owner: remember(() => getTokenOwner(page)),
    isRoutingOn: remember(() => isRoutingOn(page)),
    pageApps: remember(() => getSubscribedApps(page)),
    token: asApp((app) => lookIntoToken(app, config.pageAccessToken)),
    appSubscription: asApp(getAppSubscription),
  };
}

async function findAddress(graph: GraphAnswers): Promise<string> {
  const found = await graph.appSubscription().catch((error: unknown) => {
    throw error instanceof NotChecked
      ? error
      : new NotChecked('Graph does not tell its address: see App subscription.', GIVE_URL);
  });
  if (found) return found.callbackUrl;
  throw new NotChecked('the app has no webhook yet: see App subscription.', GIVE_URL);
}

const GIVE_URL = 'Name it: npm run doctor -- --url https://YOUR-HOST/webhook';
const SET_BOTH = 'Copy both from the App Dashboard, App settings > Basic, into .env.';

/** Asks at once, and gives everybody the same answer. */
function remember<T>(ask: () => Promise<T>): () => Promise<T> {
  const answer = ask();
  answer.catch(() => undefined); // whoever waits for it is told
  return () => answer;
}
