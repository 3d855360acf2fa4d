import { ConfigError, loadConfig, type Config } from '../../config';
import {
  createAppApi,
  getAppSubscription,
  lookIntoToken,
  type AppSubscription,
  type TokenFacts,
} from '../../messenger/app-setup';
import { createGraphClient, type AnswerFacts, type GraphApi } from '../../messenger/graph-api';
import {
  getInstagramId,
  getSubscribedApps,
  getTokenOwner,
  isRoutingOn,
  type SubscribedApp,
  type TokenOwner,
} from '../../messenger/page-setup';
import { completeEnvironment } from '../../process/environment';
import { PAGE_OF_THE_TOKEN, type Page } from '../../process/page-book';
import { secretsOf, type Secrets } from '../../process/secret-keeper';
import { choosePages } from '../pages';
import { readEnvFile, type EnvFile } from './env-file';
import { NotChecked } from './not-checked';
import { visitWebhook, type WebhookVisits } from './webhook-visits';

/** What is asked of Graph; each question is put once, whoever wants to know. Rejects with a `GraphError`. */
export interface GraphAnswers {
  readonly owner: () => Promise<TokenOwner>;
  readonly isRoutingOn: () => Promise<boolean | undefined>;
  readonly pageApps: () => Promise<readonly SubscribedApp[]>;
  readonly instagramId: () => Promise<string | undefined>;
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
  /** The Page that it is about; of what is common to all, the first one. */
  readonly page: Page | undefined;
  readonly answers: readonly TimedAnswer[];
  /**
   * What the public address answers. Rejects with `NotChecked` where none is known, and with `UnsafeAddressError` where the verify
   * token would cross the network in plain sight.
   */
  readonly webhook: () => Promise<WebhookVisits>;
}

/** What is common to all Pages, and what each has of its own. */
export interface Sites {
  readonly common: Site;
  /** Where there is more than one Page; each puts its questions when it is made. */
  readonly ofPages: readonly (readonly [Page, () => Site])[];
}

export interface SiteOptions {
  /** It is completed from `.env`, as the bot completes its own. */
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => number;
  readonly url?: string | undefined;
  /** The id or the name of the only Page that is looked at. */
  readonly page?: string | undefined;
  /** How long a call may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** Certificates to trust instead of those that Node.js brings along. */
  readonly trusted?: string | undefined;
}

const TIMEOUT_MS = 10_000;
const NO_SETTINGS = 'the settings are not complete: see Settings.';

/**
 * Reads the settings as the bot would, and puts all questions to Graph at once that are not about further Pages.
 *
 * @throws {UsageError} when there is no Page of that name
 */
export function createSites({ env, now, url, page, timeoutMs = TIMEOUT_MS, trusted }: SiteOptions): Sites {
  const answers: TimedAnswer[] = [];
  const onAnswer = (facts: AnswerFacts): void => {
    answers.push({ ...facts, at: now() - facts.ms / 2 });
  };
  const { settings, problems } = begin(env, timeoutMs, onAnswer);
  const { config, ask } = settings ?? {};
  const pages = settings ? choosePages(settings.secrets.pages.pages, page) : [];
  const first = pages[0] && ask?.(pages[0]);
  const webhook = remember(async () => {
    if (!config || !first) throw new NotChecked(NO_SETTINGS);
    const address = url ?? (await findAddress(first));
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
  const common: Site = {
    ...{ envFile: readEnvFile(), problems, now, url, timeoutMs, answers, webhook },
    page: pages[0],
    config: () => known(config),
    graph: () => known(first),
  };
  const siteOf = (one: Page, n: number): Site => {
    const own = n === 0 ? first : ask?.(one);
    return { ...common, page: one, graph: () => known(own) };
  };
  return { common, ofPages: pages.length > 1 ? pages.map((one, n) => [one, () => siteOf(one, n)]) : [] };
}

interface Settings {
  readonly config: Config;
  readonly secrets: Secrets;
}

type Ask = (page: Page) => GraphAnswers;

/** What can be asked with these settings, or what is wrong with them. */
function begin(
  env: NodeJS.ProcessEnv,
  ...rest: readonly [timeoutMs: number, onAnswer: (facts: AnswerFacts) => void]
): {
  readonly settings: (Settings & { readonly ask: Ask }) | undefined;
  readonly problems: readonly string[];
} {
  try {
    completeEnvironment(env);
    const config = loadConfig(env);
    const settings = { config, secrets: secretsOf(config) };
    return { settings: { ...settings, ask: createQuestions(settings, ...rest) }, problems: [] };
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [(error as Error).message];
    return { settings: undefined, problems };
  }
}

/** Makes what puts all questions about a Page at once; those about the app are put along with the first one's. */
function createQuestions(
  { config, secrets }: Settings,
  timeoutMs: number,
  onAnswer: (facts: AnswerFacts) => void,
): Ask {
  const address = { ...config, timeoutMs, onAnswer };
  const connect = createGraphClient({ ...address, node: '' });
  const { appId } = config;
  const { appSecrets } = secrets;
  const missing = [...(appId === undefined ? ['APP_ID'] : []), ...(appSecrets.length === 0 ? ['APP_SECRET'] : [])];
  const app = appId === undefined || missing.length > 0 ? undefined : createAppApi(address, appId, secrets);
  const asApp = <T>(ask: (app: GraphApi, appId: string) => Promise<T>) =>
    remember(async () => {
      if (app && appId !== undefined) return ask(app, appId);
      throw new NotChecked(`${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not set.`, SET_BOTH);
    });
  let appSubscription: GraphAnswers['appSubscription'] | undefined;
  return ({ key, accessToken }) => {
    const own = { pageAccessToken: accessToken, appSecrets };
    const graph = connect(() => own);
    return {
      owner: remember(() => getTokenOwner(graph)),
      isRoutingOn: remember(() => isRoutingOn(graph)),
      pageApps: remember(() => getSubscribedApps(graph)),
      instagramId: remember(async () => (key === PAGE_OF_THE_TOKEN ? undefined : getInstagramId(graph))),
      token: asApp((one) => lookIntoToken(one, accessToken)),
      appSubscription: (appSubscription ??= asApp(getAppSubscription)),
    };
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
