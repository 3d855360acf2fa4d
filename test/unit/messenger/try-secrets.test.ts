import nock from 'nock';
import { trySecrets } from '../../../src/messenger/try-secrets';
import type { PageBook } from '../../../src/process/page-book';
import { bookOf, bookOfToken } from '../../support/pages';

const GRAPH = 'https://graph.facebook.com';
const address = { graphApiUrl: GRAPH, graphApiVersion: undefined };
const secretsOf = (pages: PageBook, ...appSecrets: readonly string[]) => ({ pages, verifyToken: 'v', appSecrets });
const before = secretsOf(bookOfToken('old-token'));

const answer = (token: string, status: number, body: object) =>
  nock(GRAPH)
    .get('/me')
    .query(({ access_token: one }) => one === token)
    .reply(status, body);
const tried = (
  newer: readonly [number, object],
  older: readonly [number, object] = [200, { id: '1', name: 'Page' }],
) => {
  answer('new-token', ...newer);
  answer('old-token', ...older);
  return trySecrets(address, secretsOf(bookOfToken('new-token')), before);
};
const proof = { error: { code: 100, message: 'Invalid appsecret_proof provided' } };
const invalid = { error: { code: 190, message: 'Invalid OAuth access token.' } };

describe('secrets that are tried', () => {
  it('are taken where Graph answers for the same Page', async () => {
    await expect(tried([200, { id: '1', name: 'Page' }])).resolves.toBeUndefined();
    expect(nock.isDone()).toBe(true);
  });

  it('are taken where nobody can tell which Page it was before', async () => {
    await expect(tried([200, { id: '1', name: 'Page' }], [400, { error: { code: 190 } }])).resolves.toBeUndefined();
  });

  it('are refused where they are of another Page: its people are strangers', async () => {
    await expect(tried([200, { id: '2', name: 'Other' }])).resolves.toBe(
      'The new token is of another Page (2) than the one before (1). To change the Page, restart the bot.',
    );
  });

  it.each([
    [
      'the token is invalid',
      { code: 190, message: 'Invalid OAuth access token.' },
      /Invalid OAuth access token\. Generate a new/,
    ],
    [
      'the app secret does not fit',
      { code: 100, message: 'Invalid appsecret_proof provided' },
      /appsecret_proof provided\. Check APP_SECRET/,
    ],
  ])('are refused where %s, with what to do', async (_what, error, told) => {
    await expect(tried([400, { error }])).resolves.toMatch(told);
  });

  it.each([
    ['is failing', 500, { code: 2, message: 'An unexpected error' }],
    ['wants to be left alone', 400, { code: 4, message: 'Application request limit reached' }],
    ['says what may be about anything', 400, { code: 10, message: 'Permission denied' }],
  ])('are taken where Graph %s: that says nothing of them', async (_what, status, error) => {
    await expect(tried([status, { error }])).resolves.toBeUndefined();
  });
});

describe('a new app secret', () => {
  const next = secretsOf(bookOfToken('old-token'), 'new-secret', 'old-secret');
  const now = secretsOf(bookOfToken('old-token'), 'old-secret');

  it('is tried with a token that is known', async () => {
    answer('old-token', 200, { id: '1', name: 'Page' });
    await expect(trySecrets(address, next, now)).resolves.toBeUndefined();
    answer('old-token', 400, proof);
    await expect(trySecrets(address, next, now)).resolves.toMatch(/appsecret_proof provided\. Check APP_SECRET/);
  });

  it('is taken where that token is invalid: nobody can tell', async () => {
    answer('old-token', 400, invalid);
    await expect(trySecrets(address, next, now)).resolves.toBeUndefined();
  });

  it('is not tried where it only signs webhooks, and nothing is where nothing is new', async () => {
    const more = secretsOf(bookOfToken('old-token'), 'old-secret', 'older-secret');
    await expect(trySecrets(address, more, now)).resolves.toBeUndefined();
  });
});

describe('a list of Pages', () => {
  const bakery = { id: '1', name: 'Bakery', accessToken: 'bakery-token' };
  const florist = { id: '2', accessToken: 'florist-token' };
  const now = secretsOf(bookOf(bakery));

  it('has only those tokens tried that are new', async () => {
    answer('florist-token', 200, { id: '2', name: 'Florist' });
    await expect(trySecrets(address, secretsOf(bookOf(bakery, florist)), now)).resolves.toBeUndefined();
  });

  it('is refused where a token is of another Page than it stands beside, or is invalid: each Page is named', async () => {
    answer('new-token', 400, invalid);
    answer('florist-token', 200, { id: '3', name: 'Other' });
    const next = secretsOf(bookOf({ ...bakery, accessToken: 'new-token' }, florist));
    await expect(trySecrets(address, next, now)).resolves.toMatch(
      /^Page "Bakery" \(1\): Graph refused .* Page 2: The token is of another Page \(3\)\. Give each Page its own token\.$/,
    );
  });

  it('is refused for many tokens with the first five of them, tried ten at a time', async () => {
    const pages = Array.from({ length: 25 }, (_, n) => ({ id: String(n + 10), accessToken: `token-${n}` }));
    for (const { accessToken } of pages) answer(accessToken, 400, invalid);
    const told = await trySecrets(address, secretsOf(bookOf(bakery, ...pages)), now);
    expect(told?.match(/Page \d+: /g)).toEqual(['10', '11', '12', '13', '14'].map((id) => `Page ${id}: `));
    expect(told).toMatch(/ 20 more Pages are refused\.$/);
  });
});
