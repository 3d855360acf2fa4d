import nock from 'nock';
import { createAppApi, getAppSubscription, lookIntoToken, subscribeApp } from '../../../src/messenger/app-setup';
import { bookOfToken } from '../../support/pages';
import { recordingGraph } from '../../support/recording-graph';

const options = { graphApiUrl: 'https://graph.facebook.com', graphApiVersion: undefined };
const secrets = {
  pages: bookOfToken('the-page-token'),
  verifyToken: 'the-verify-token',
  appSecrets: ['the-secret', 'the-old-secret'],
};
const SECRETS = ['the-page-token', 'the-verify-token', 'the-secret', '7|the-secret'];

describe('the app', () => {
  it('puts no secret into the address of what it changes, and is quoted none', async () => {
    const message = `no: ${SECRETS.join(' ')}`;
    let address = '';
    nock(options.graphApiUrl)
      .post('/7/subscriptions')
      .query(true)
      .reply(400, (path) => {
        address = path;
        return { error: { message, code: 100 } };
      });
    const failure = await subscribeApp(createAppApi(options, '7', secrets), '7', {
      callbackUrl: 'https://bot.example/webhook',
      verifyToken: 'the-verify-token',
      fields: ['messages'],
    }).catch((error: unknown) => error);
    expect(address).toBe('/7/subscriptions');
    expect(String(failure)).toContain('no: ');
    for (const secret of SECRETS) expect(String(failure)).not.toContain(secret);
  });

  it('is quoted no token that it asks about', async () => {
    const said = { data: { is_valid: false, error: { message: 'Malformed access token the-page-token' } } };
    const facts = await lookIntoToken(recordingGraph(said), 'the-page-token');
    expect(facts).toMatchObject({ isValid: false, error: 'Malformed access token [redacted]' });
  });

  it('subscribes to fields in one text', async () => {
    const graph = recordingGraph({ success: true });
    await subscribeApp(graph, '7', { callbackUrl: 'https://b/', verifyToken: 'v', fields: ['messages', 'standby'] });
    expect(graph.calls).toEqual([
      [
        '/7/subscriptions',
        { object: 'page', callback_url: 'https://b/', verify_token: 'v', fields: 'messages,standby' },
      ],
    ]);
  });

  it.each<[object, unknown]>([
    [{ data: [] }, undefined],
    [{ data: [{ object: 'user', callback_url: 'https://u/', active: true, fields: [] }] }, undefined],
    [
      {
        data: [{ object: 'page', callback_url: 'https://b/', active: true, fields: ['messages', { name: 'standby' }] }],
      },
      { callbackUrl: 'https://b/', isActive: true, fields: ['messages', 'standby'] },
    ],
  ])('reads %j', async (answer, found) => {
    expect(await getAppSubscription(recordingGraph({ ...answer }), '7')).toEqual(found);
  });

  const page = { object: 'page', callback_url: 'https://b/', active: true, fields: ['messages'] };
  it.each([
    {},
    { data: {} },
    { data: [7] },
    { data: [{ ...page, fields: 7 }] },
    { data: [{ ...page, fields: undefined }] },
    { data: [{ ...page, fields: ['messages', { version: 'v1' }] }] },
    { data: [{ ...page, callback_url: 7 }] },
    { data: [{ ...page, active: 'yes' }] },
    { data: [{ ...page, object: undefined }, page] },
  ])('does not take %j for an app without a webhook, or with fewer fields', async (answer) => {
    await expect(getAppSubscription(recordingGraph(answer), '7')).rejects.toMatchObject({
      name: 'GraphAnswerError',
      message: "Graph's answer to /7/subscriptions is not understood",
      retryable: true,
      mayBeDone: false,
    });
  });

  it.each<[object, unknown]>([
    [
      {
        data: {
          app_id: 7,
          type: 'PAGE',
          is_valid: true,
          expires_at: 0,
          scopes: ['a'],
          granular_scopes: [{ scope: 'a' }],
        },
      },
      { appId: '7', type: 'PAGE', isValid: true, expiresAt: 0, scopes: ['a'], targets: {} },
    ],
    [
      { data: { is_valid: true, expires_at: '1800000000', data_access_expires_at: '9', error: 7 } },
      { isValid: true, expiresAt: 1_800_000_000, dataAccessExpiresAt: 9, targets: {} },
    ],
    [
      { data: { is_valid: false, data_access_expires_at: 0, granular_scopes: [{ scope: 'a', target_ids: [1, '2'] }] } },
      { isValid: false, targets: { a: ['1', '2'] } },
    ],
  ])('reads %j of a token', async (answer, facts) => {
    expect(await lookIntoToken(recordingGraph({ ...answer }), 'x')).toEqual(facts);
  });

  it.each([
    {},
    { data: {} },
    { data: { is_valid: 1 } },
    { data: { is_valid: true, expires_at: 'soon' } },
    { data: { is_valid: true, data_access_expires_at: null } },
    { data: { is_valid: true, scopes: 'a' } },
    { data: { is_valid: true, type: 1 } },
    { data: { is_valid: true, app_id: {} } },
    { data: { is_valid: true, granular_scopes: 'none' } },
  ])('concludes nothing from %j', async (answer) => {
    await expect(lookIntoToken(recordingGraph(answer), 'x')).rejects.toMatchObject({
      message: "Graph's answer to /debug_token is not understood",
    });
  });
});
