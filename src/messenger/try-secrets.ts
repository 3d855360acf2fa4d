import { atMost } from '../process/at-most';
import { PAGE_OF_THE_TOKEN, type Page } from '../process/page-book';
import type { Secrets } from '../process/secret-keeper';
import { createGraphClient, type GraphAddress } from './graph-api';
import { GraphError } from './graph-error';
import { getTokenOwner, type TokenOwner } from './page-setup';

/** So many tokens are tried at a time: answers for people go the same way. */
const AT_ONCE = 10;
/** Whoever has many wrong ones puts these right first. */
const MOST_TOLD = 5;

/**
 * Tries whether Graph takes the tokens that are new and an app secret that is, and whether each token is of its Page.
 *
 * @param address where Graph answers
 * @param next the secrets that are to be used
 * @param before the secrets that were in use
 * @returns why they are refused; undefined where they are not, or where that cannot be told because Graph is out of reach
 */
export async function trySecrets(address: GraphAddress, next: Secrets, before: Secrets): Promise<string | undefined> {
  const connect = createGraphClient({ ...address, node: '' });
  const ownerOf = ({ accessToken }: Page, { appSecrets }: Secrets): Promise<TokenOwner> => {
    const secrets = { pageAccessToken: accessToken, appSecrets };
    return getTokenOwner(connect(() => secrets));
  };
  const isKnown = ({ key, accessToken }: Page) => before.pages.of(key)?.accessToken === accessToken;

  const tryNew = async (page: Page): Promise<string | undefined> => {
    try {
      const [owner, expected] = await Promise.all([ownerOf(page, next), expectedOwner(page)]);
      return expected === undefined || owner.id === expected ? undefined : foreign(page, owner.id, expected);
    } catch (error) {
      return explain(error, ['token_invalid', 'app_invalid']);
    }
  };
  /** Undefined where nobody can tell, since the token of before is no longer valid. */
  const expectedOwner = async (page: Page): Promise<string | undefined> => {
    const old = before.pages.of(page.key);
    if (page.key !== PAGE_OF_THE_TOKEN || !old) return page.key;
    return ownerOf(old, before).then(
      ({ id }) => id,
      () => undefined,
    );
  };
  /** The token of before may be invalid: that is nothing new. */
  const tryAppSecret = async (page: Page): Promise<string | undefined> =>
    ownerOf(page, next).then(
      () => undefined,
      (error: unknown) => explain(error, ['app_invalid']),
    );

  const newer = next.pages.pages.filter((page) => !isKnown(page));
  const hasNewSecret = next.appSecrets[0] !== before.appSecrets[0];
  const known = hasNewSecret ? next.pages.pages.filter(isKnown).slice(0, 1) : [];
  const refusals = await Promise.all([
    ...atMost(AT_ONCE, newer, async (page) => named(page, await tryNew(page))),
    ...atMost(AT_ONCE, known, async (page) => named(page, await tryAppSecret(page))),
  ]);
  const told = refusals.filter((refusal) => refusal !== undefined);
  const more = told.length - MOST_TOLD;
  if (told.length === 0) return undefined;
  return [...told.slice(0, MOST_TOLD), ...(more > 0 ? [`${more} more Pages are refused.`] : [])].join(' ');
}

/** Which Page a refusal is about, where there can be several. */
function named({ key, name }: Page, refusal: string | undefined): string | undefined {
  if (refusal === undefined || key === PAGE_OF_THE_TOKEN) return refusal;
  return `Page ${name === undefined ? key : `"${name}" (${key})`}: ${refusal}`;
}

function foreign({ key }: Page, owner: string, expected: string): string {
  return key === PAGE_OF_THE_TOKEN
    ? `The new token is of another Page (${owner}) than the one before (${expected}). To change the Page, restart the bot.`
    : `The token is of another Page (${owner}). Give each Page its own token.`;
}

function explain(error: unknown, kinds: readonly string[]): string | undefined {
  const isRefused = error instanceof GraphError && kinds.includes(error.kind);
  return isRefused ? `${error.message.replace(/\.+$/, '')}. ${error.advice}` : undefined;
}
