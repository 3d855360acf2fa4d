import nock from 'nock';
import {
  createAppApi,
  getAppSubscription,
  lookIntoToken,
  subscribeApp,
  type AppApiOptions,
} from '../../../src/messenger/app-setup';
import { recordingGraph } from '../../support/recording-graph';

const options: AppApiOptions = {
  graphApiUrl: 'https://graph.facebook.com',
  graphApiVersion: undefined,
  pageAccessToken: 'the-page-token',
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
    const failure = await subscribeApp(createAppApi(options, '7'), '7', {
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
    [{}, undefined],
    [{ data: [{ object: 'user', callback_url: 'https://u/', active: true, fields: [] }] }, undefined],
    [
      {
        data: [{ object: 'page', callback_url: 'https://b/', active: true, fields: ['messages', { name: 'standby' }] }],
      },
      { callbackUrl: 'https://b/', isActive: true, fields: ['messages', 'standby'] },
    ],
    [{ data: [{ object: 'page', fields: 7 }] }, { callbackUrl: '', isActive: false, fields: [] }],
  ])('reads %j', async (answer, found) => {
    expect(await getAppSubscription(recordingGraph({ ...answer }), '7')).toEqual(found);
  });

  it.each<[object, unknown]>([
    [{}, undefined],
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
      { appId: '7', type: 'PAGE', isValid: true, scopes: ['a'], targets: {} },
    ],
    [
      {
        data: {
          is_valid: 1,
          expires_at: 'soon',
          data_access_expires_at: 9,
          scopes: 'a',
          error: 7,
          app_id: {},
          type: 1,
        },
      },
      { isValid: false, dataAccessExpiresAt: 9, scopes: [], targets: {} },
    ],
    [
      { data: { granular_scopes: [{ scope: 'a', target_ids: [1, '2'] }] } },
      { isValid: false, scopes: [], targets: { a: ['1', '2'] } },
    ],
    [{ data: { granular_scopes: 'none' } }, { isValid: false, scopes: [], targets: {} }],
  ])('reads %j of a token', async (answer, facts) => {
    expect(await lookIntoToken(recordingGraph({ ...answer }), 'x')).toEqual(facts);
  });
});
