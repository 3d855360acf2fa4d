import nock from 'nock';
import { trySecrets } from '../../../src/messenger/try-secrets';

const GRAPH = 'https://graph.facebook.com';
const options = { graphApiUrl: GRAPH, graphApiVersion: undefined, pageAccessToken: 'new-token', appSecrets: [] };
const before = { pageAccessToken: 'old-token', appSecrets: [] };

const answer = (token: string, status: number, body: object) =>
  nock(GRAPH).get('/me').query({ fields: 'id,name', access_token: token }).reply(status, body);
const tried = (
  newer: readonly [number, object],
  older: readonly [number, object] = [200, { id: '1', name: 'Page' }],
) => {
  answer('new-token', ...newer);
  answer('old-token', ...older);
  return trySecrets(options, before);
};

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
