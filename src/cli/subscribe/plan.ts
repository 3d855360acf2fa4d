import { getAppSubscription, subscribeApp } from '../../messenger/app-setup';
import type { GraphApi } from '../../messenger/graph-api';
import {
  getGetStarted,
  getSubscribedApps,
  NEEDED_FIELDS,
  OPTIONAL_FIELDS,
  setGetStarted,
  subscribePage,
} from '../../messenger/page-setup';
import { atMost } from '../../process/at-most';
import { normalise, showAddress } from '../address';

const FIELDS: readonly string[] = [...NEEDED_FIELDS, ...OPTIONAL_FIELDS];
/** Any postback is answered with the welcome. */
const GET_STARTED = 'GET_STARTED';

/** One change at the platform. */
export interface Step {
  /** What it changes. */
  readonly name: string;
  /** How, in lines for a person. */
  readonly changes: readonly string[];
  readonly carryOut: () => Promise<void>;
  /** What to look at when the platform refuses it. */
  readonly remedy: string;
}

export interface Wish {
  readonly pages: readonly PageToPlan[];
  /** The way to the root of the Graph API as the app. */
  readonly app: GraphApi;
  readonly appId: string;
  readonly verifyToken: string;
  /** In its normal form. */
  readonly callbackUrl: string;
}

export interface PageToPlan {
  /** Where there can be several. */
  readonly name: string | undefined;
  /** The way to the root of the Graph API with the Page's token. */
  readonly graph: GraphApi;
}

/** So many Pages are asked about at a time. */
const PAGES_AT_ONCE = 10;

/**
 * Finds out what is to be changed. What is subscribed beside what the bot needs is kept, and so is a Get Started button.
 *
 * @returns the steps that are left to be done, in order
 * @throws {GraphError} when the platform does not tell how it is now
 */
export async function planSteps(wish: Wish): Promise<readonly Step[]> {
  const ofPages = atMost(PAGES_AT_ONCE, wish.pages, async (page) =>
    Promise.all([planPage(page, wish.appId), planGetStarted(page)]),
  );
  const steps = await Promise.all([planApp(wish), ...ofPages]);
  return steps.flat().flatMap((step) => step ?? []);
}

/** What a step is called, and which Page it is about. */
function nameOf(step: string, page: string | undefined): string {
  return page === undefined ? step : `${step} of ${page}`;
}

async function planApp({ app, appId, verifyToken, callbackUrl }: Wish): Promise<Step | undefined> {
  const now = await getAppSubscription(app, appId);
  const shown = showAddress(callbackUrl);
  const missing = missingIn(now?.fields ?? []);
  const changes = [
    ...(now && normalise(now.callbackUrl) === callbackUrl
      ? []
      : [`events go to ${shown} (now: ${now ? showAddress(now.callbackUrl) : 'nowhere'})`]),
    ...(now?.isActive === false ? ['is switched on again'] : []),
    ...describeFields(missing),
  ];
  if (changes.length === 0) return undefined;
  return {
    name: 'App subscription',
    changes,
    carryOut: () =>
      subscribeApp(app, appId, { callbackUrl, verifyToken, fields: [...(now?.fields ?? []), ...missing] }),
    remedy: `Does the bot run with this VERIFY_TOKEN, and does ${shown} lead to it? npm run doctor -- --url ${shown} says what is wrong.`,
  };
}

async function planPage({ name, graph }: PageToPlan, appId: string): Promise<Step | undefined> {
  const fields = (await getSubscribedApps(graph)).find(({ id }) => id === appId)?.fields ?? [];
  const missing = missingIn(fields);
  if (missing.length === 0) return undefined;
  return {
    name: nameOf('Page subscription', name),
    changes: describeFields(missing),
    carryOut: () => subscribePage(graph, [...fields, ...missing]),
    remedy: 'Is it a token of the Page, with pages_manage_metadata? npm run doctor says so.',
  };
}

async function planGetStarted({ name, graph }: PageToPlan): Promise<Step | undefined> {
  if ((await getGetStarted(graph)) !== undefined) return undefined;
  return {
    name: nameOf('Get Started button', name),
    changes: ['whoever opens the conversation for the first time sees it; a tap brings the welcome'],
    carryOut: () => setGetStarted(graph, GET_STARTED),
    remedy: 'Is it a token of the Page, with pages_messaging? npm run doctor says so.',
  };
}

function missingIn(fields: readonly string[]): readonly string[] {
  return FIELDS.filter((field) => !fields.includes(field));
}

function describeFields(missing: readonly string[]): readonly string[] {
  return missing.length === 0 ? [] : [`also ${missing.join(', ')}`];
}
