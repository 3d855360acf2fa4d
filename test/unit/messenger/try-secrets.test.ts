import nock from 'nock';
import { trySecrets } from '../../../src/messenger/try-secrets';

const GRAPH = 'https://graph.facebook.com';
const options = { graphApiUrl: GRAPH, graphApiVersion: undefined, pageAccessToken: 'new-token', appSecrets: [] };
const answered = (status: number, error: object) => {
  nock(GRAPH).get('/me').query({ fields: 'id', access_token: 'new-token' }).reply(status, { error });
  return trySecrets(options);
};

describe('secrets that are tried', () => {
  it('are taken where Graph answers', async () => {
    nock(GRAPH).get('/me').query({ fields: 'id', access_token: 'new-token' }).reply(200, { id: '1' });
    await expect(trySecrets(options)).resolves.toBeUndefined();
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
    await expect(answered(400, error)).resolves.toMatch(told);
  });

  it.each([
    ['is failing', 500, { code: 2, message: 'An unexpected error' }],
    ['wants to be left alone', 400, { code: 4, message: 'Application request limit reached' }],
    ['says what may be about anything', 400, { code: 10, message: 'Permission denied' }],
  ])('are taken where Graph %s: that says nothing of them', async (_what, status, error) => {
    await expect(answered(status, error)).resolves.toBeUndefined();
  });
});
