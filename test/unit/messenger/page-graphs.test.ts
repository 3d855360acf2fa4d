import nock from 'nock';
import { createPageGraphs, UnlistedPageError } from '../../../src/messenger/page-graphs';
import type { Secrets } from '../../../src/process/secret-keeper';
import { bookOf, bookOfToken } from '../../support/pages';

const GRAPH = 'https://graph.facebook.com';
const address = { graphApiUrl: GRAPH, graphApiVersion: undefined };
const others = { verifyToken: 'v', appSecrets: [] };

function graphsOf(first: Secrets['pages']) {
  let pages = first;
  let secrets: Secrets = { ...others, pages };
  const graphOf = createPageGraphs(address, () => secrets);
  return {
    graphOf,
    replace: (next: Secrets['pages']) => {
      pages = next;
      secrets = { ...others, pages };
    },
    /** Makes a call and tells the token that it carried. */
    tokenOf: async (account: string | undefined) => tokenOf(graphOf(account)),
  };
}

async function tokenOf(graph: ReturnType<ReturnType<typeof createPageGraphs>>): Promise<string | null> {
  let token: string | null = null;
  nock(GRAPH)
    .post('/me/messages')
    .query(true)
    .reply(200, (uri) => {
      token = new URL(uri, GRAPH).searchParams.get('access_token');
      return {};
    });
  await graph.call('/messages', {});
  return token;
}

const bakery = { id: '1', accessToken: 'bakery-token', instagramId: '101' };

describe('the ways to the Graph API', () => {
  it("carry each Page's token, for its Instagram account, too", async () => {
    const { tokenOf: token } = graphsOf(bookOf(bakery, { id: '2', accessToken: 'florist-token' }));
    expect([await token('1'), await token('2'), await token('101')]).toEqual([
      'bakery-token',
      'florist-token',
      'bakery-token',
    ]);
  });

  it('carry the one token for whatever Page there is', async () => {
    const { tokenOf: token } = graphsOf(bookOfToken('only-token'));
    expect([await token('1'), await token(undefined)]).toEqual(['only-token', 'only-token']);
  });

  it('are none for a Page that is not listed, until it is', async () => {
    const { graphOf, replace, tokenOf: token } = graphsOf(bookOf(bakery));
    expect(() => graphOf('2')).toThrow(UnlistedPageError);
    expect(() => graphOf(undefined)).toThrow(UnlistedPageError);
    replace(bookOf(bakery, { id: '2', accessToken: 'florist-token' }));
    await expect(token('2')).resolves.toBe('florist-token');
  });

  it('carry a new token from the next call on; what has begun of a Page that leaves ends with the old one', async () => {
    const { graphOf, replace } = graphsOf(bookOf(bakery));
    const graph = graphOf('1');
    await expect(tokenOf(graph)).resolves.toBe('bakery-token');
    replace(bookOf({ ...bakery, accessToken: 'new-token' }));
    await expect(tokenOf(graph)).resolves.toBe('new-token');
    replace(bookOf({ id: '2', accessToken: 'florist-token' }));
    await expect(tokenOf(graph)).resolves.toBe('new-token');
    expect(() => graphOf('1')).toThrow(UnlistedPageError);
  });
});
