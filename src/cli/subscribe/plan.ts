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
  /** The way to the root of the Graph API with the Page's token, and as the app. */
  readonly page: GraphApi;
  readonly app: GraphApi;
  readonly appId: string;
  readonly verifyToken: string;
  /** In its normal form. */
  readonly callbackUrl: string;
}

/**
 * Finds out what is to be changed. What is subscribed beside what the bot needs is kept, and so is a Get Started button.
 *
 * @returns the steps that are left to be done, in order
 * @throws {GraphError} when the platform does not tell how it is now
 */
export async function planSteps(wish: Wish): Promise<readonly Step[]> {
  const steps = await Promise.all([planApp(wish), planPage(wish), planGetStarted(wish)]);
  return steps.flatMap((step) => step ?? []);
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

async function planPage({ page, appId }: Wish): Promise<Step | undefined> {
  const fields = (await getSubscribedApps(page)).find(({ id }) => id === appId)?.fields ?? [];
  const missing = missingIn(fields);
  if (missing.length === 0) return undefined;
  return {
    name: 'Page subscription',
    changes: describeFields(missing),
    carryOut: () => subscribePage(page, [...fields, ...missing]),
    remedy: 'Is PAGE_ACCESS_TOKEN a token of the Page, with pages_manage_metadata? npm run doctor says so.',
  };
}

async function planGetStarted({ page }: Wish): Promise<Step | undefined> {
  if ((await getGetStarted(page)) !== undefined) return undefined;
  return {
    name: 'Get Started button',
    changes: ['whoever opens the conversation for the first time sees it; a tap brings the welcome'],
    carryOut: () => setGetStarted(page, GET_STARTED),
    remedy: 'Is PAGE_ACCESS_TOKEN a token of the Page, with pages_messaging? npm run doctor says so.',
  };
}

function missingIn(fields: readonly string[]): readonly string[] {
  return FIELDS.filter((field) => !fields.includes(field));
}

function describeFields(missing: readonly string[]): readonly string[] {
  return missing.length === 0 ? [] : [`also ${missing.join(', ')}`];
}
