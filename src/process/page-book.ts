import type { Config } from '../config';
import { readPagesFile, type ListedPage } from './pages-file';

/** A Page that the bot writes as. */
export interface Page {
  /** What the queue calls it: its id, or `me`, the one Page of PAGE_ACCESS_TOKEN. */
  readonly key: string;
  /** What people call it; undefined where they have not said. */
  readonly name: string | undefined;
  readonly accessToken: string;
  /** Its Instagram account. */
  readonly instagramId: string | undefined;
}

/** Which Pages there are. It never changes: another one takes its place. */
export interface PageBook {
  readonly pages: readonly Page[];
  /**
   * The Page whose token answers an event.
   *
   * @param account the Page, or Instagram account, that the event names
   * @returns undefined where the list does not have it
   */
  of(account: string | undefined): Page | undefined;
  /** What the queue calls the Page of an event, listed or not. */
  keyOf(account: string | undefined): string;
  /** How a Page is named to operators, by what the queue calls it; undefined where the list no longer has it. */
  nameOf(key: string): string | undefined;
  /** How log lines about an event name its Page: not at all, where there is one only. */
  about(account: string | undefined): { readonly page?: string };
}

/** What the one Page of PAGE_ACCESS_TOKEN is called: Graph knows it by its token. */
export const PAGE_OF_THE_TOKEN = 'me';
/** For an event that names no Page. */
const NO_PAGE = 'unknown';

/**
 * Makes the list of Pages from the settings.
 *
 * @param config `pagesFile` and `pageAccessToken` are used
 * @throws {ConfigError} when the file has a mistake
 */
export function createPageBook({ pagesFile, pageAccessToken = '' }: Config): PageBook {
  return pagesFile === undefined ? bookOfOne(pageAccessToken) : bookOf(readPagesFile(pagesFile));
}

/** Whatever an event's Page is, the token answers for it, and for its Instagram account: they share its pace and its limits. */
function bookOfOne(accessToken: string): PageBook {
  const page = { key: PAGE_OF_THE_TOKEN, name: undefined, accessToken, instagramId: undefined };
  return { pages: [page], of: () => page, keyOf: () => page.key, nameOf: (key) => key, about: () => ({}) };
}

function bookOf(list: readonly ListedPage[]): PageBook {
  const pages = list.map(({ id, name, accessToken, instagramId }) => ({ key: id, name, accessToken, instagramId }));
  const byAccount = new Map<string, Page>();
  for (const page of pages) {
    for (const account of [page.key, page.instagramId]) if (account !== undefined) byAccount.set(account, page);
  }
  const of = (account: string | undefined) => (account === undefined ? undefined : byAccount.get(account));
  const keyOf = (account: string | undefined) => of(account)?.key ?? account ?? NO_PAGE;
  const nameOf = (key: string): string | undefined => {
    if (key === PAGE_OF_THE_TOKEN) return key; // what has waited since before there was a list
    const page = of(key);
    return page && (page.name ?? page.key);
  };
  const about = (account: string | undefined) => {
    const key = keyOf(account);
    return { page: nameOf(key) ?? key };
  };
  return { pages, of, keyOf, nameOf, about };
}
