import type { Page } from '../process/page-book';
import type { Secrets } from '../process/secret-keeper';
import { createGraphClient, type GraphAddress, type GraphApi, type GraphSecrets } from './graph-api';

/** The Page of an event is not listed: there is no token to answer with. */
export class UnlistedPageError extends Error {
  override readonly name = 'UnlistedPageError';

  constructor(readonly page: string) {
    super(`There is no token for Page ${page}`);
  }
}

/**
 * Makes the way to the Graph API for each Page: all share one client, and its connections.
 *
 * @param address where calls go
 * @param secrets is asked at each call: a new token counts at once
 * @returns takes the Page, or Instagram account, that an event names; throws `UnlistedPageError` where no token is known for it
 */
export function createPageGraphs(
  address: GraphAddress,
  secrets: () => Secrets,
): (account: string | undefined) => GraphApi {
  const connect = createGraphClient(address);
  const graphs = new Map<string, GraphApi>();

  const make = (first: Page): GraphApi => {
    let [page, known] = [first, secrets()];
    let own = ownSecrets(page, known);
    return connect(() => {
      const now = secrets();
      if (now !== known) {
        page = now.pages.of(page.key) ?? page; // one that has just left ends what it has begun
        [known, own] = [now, ownSecrets(page, now)];
      }
      return own;
    });
  };

  return (account) => {
    const { pages } = secrets();
    const page = pages.of(account);
    if (!page) throw new UnlistedPageError(pages.keyOf(account));
    const graph = graphs.get(page.key) ?? make(page);
    graphs.set(page.key, graph);
    return graph;
  };
}

function ownSecrets({ accessToken }: Page, { appSecrets }: Secrets): GraphSecrets {
  return { pageAccessToken: accessToken, appSecrets };
}
