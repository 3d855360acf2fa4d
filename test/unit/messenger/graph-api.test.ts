import { createHmac } from 'node:crypto';
import nock from 'nock';
import {
  createGraphApi,
  createGraphClient,
  type AnswerFacts,
  type GraphApiOptions,
} from '../../../src/messenger/graph-api';
import { GraphApiError, GraphConnectionError } from '../../../src/messenger/graph-error';

const GRAPH = 'https://graph.facebook.com';
const TOKEN = 'EAAtoken+/=';
const api = (options: Partial<GraphApiOptions> = {}) =>
  createGraphApi({
    graphApiUrl: GRAPH,
    graphApiVersion: undefined,
    pageAccessToken: TOKEN,
    appSecrets: [],
    ...options,
  });

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error('the call succeeded');
    },
    (error: unknown) => error,
  );
}

describe('call', () => {
  it('posts JSON to /me with the token in the query, as in the tutorial', async () => {
    nock(GRAPH).post('/me/messages', { a: 'ä' }).query({ access_token: TOKEN }).reply(200, { message_id: 'm_1' });
    await expect(api().call('/messages', { a: 'ä' })).resolves.toEqual({ message_id: 'm_1' });
  });

  it('pins the version where one is set', async () => {
    nock(GRAPH).post('/v25.0/me/messages').query(true).reply(200, {});
    await expect(api({ graphApiVersion: 'v25.0' }).call('/messages', {})).resolves.toEqual({});
  });

  it('proves that it knows the current App Secret', async () => {
    const proof = createHmac('sha256', 'new').update(TOKEN).digest('hex');
    nock(GRAPH).post('/me/messages').query({ access_token: TOKEN, appsecret_proof: proof }).reply(200, {});
    await expect(api({ appSecrets: ['new', 'old'] }).call('/messages', {})).resolves.toEqual({});
  });

  it('tells an error of the platform from no answer', async () => {
    const error = { message: 'Invalid', type: 'OAuthException', code: 190, error_subcode: 463, fbtrace_id: 'A1' };
    nock(GRAPH).post('/me/messages').query(true).reply(400, { error });
    const refused = await failureOf(api().call('/messages', {}));
    expect(refused).toBeInstanceOf(GraphApiError);
    expect(refused).toMatchObject({ code: 190, subcode: 463, httpStatus: 400, fbtraceId: 'A1', kind: 'token_invalid' });

    nock(GRAPH)
      .post('/me/messages')
      .query(true)
      .replyWithError(Object.assign(new Error('x'), { code: 'ECONNRESET' }));
    const unanswered = await failureOf(api().call('/messages', {}));
    expect(unanswered).toBeInstanceOf(GraphConnectionError);
    expect(unanswered).toMatchObject({ code: 'ECONNRESET', kind: 'no_answer' });
  });

  it('finds an error also behind status 200', async () => {
    nock(GRAPH)
      .post('/me/messages')
      .query(true)
      .reply(200, { error: { message: 'x', code: 100 } });
    await expect(api().call('/messages', {})).rejects.toMatchObject({ kind: 'bad_request' });
  });

  it.each([
    ['a page of a proxy', 200, '<html>', 'not_graph'],
    ['nothing', 502, '', 'temporary'],
    ['an error that is said to pass', 400, '{"error":{"message":"x","code":100,"is_transient":true}}', 'temporary'],
    ['an error in no known form', 400, '{"error":"no"}', 'bad_request'],
    [
      'an error with wrong types',
      400,
      '{"error":{"message":1,"code":"x","error_subcode":null,"fbtrace_id":2,"type":3}}',
      'bad_request',
    ],
  ])('makes sense of %s', async (_what, status, body, kind) => {
    nock(GRAPH).post('/me/messages').query(true).reply(status, body);
    await expect(api().call('/messages', {})).rejects.toMatchObject({ name: 'GraphApiError', kind });
  });

  it('does not follow a redirect, which would carry the token away', async () => {
    nock(GRAPH).post('/me/messages').query(true).reply(307, '', { Location: 'https://elsewhere.example/' });
    await expect(api().call('/messages', {})).rejects.toMatchObject({ kind: 'not_graph', httpStatus: 307 });
  });

  it('never shows a secret in an error, even when the platform quotes it', async () => {
    const proof = createHmac('sha256', 'app-secret').update(TOKEN).digest('hex');
    nock(GRAPH)
      .post('/me/messages')
      .query(true)
      .reply(400, { error: { code: 190, message: `Malformed access token ${TOKEN} ${proof} app-secret` } });
    const refused = await failureOf(api({ appSecrets: ['app-secret'] }).call('/messages', {}));
    nock(GRAPH).post('/me/messages').query(true).replyWithError(`connect failed for ?access_token=${TOKEN}`);
    const unanswered = await failureOf(api().call('/messages', {}));
    for (const error of [refused, unanswered] as Error[]) {
      const everything = [JSON.stringify(error), error.message, error.stack, String(error.cause)].join();
      expect(everything).not.toContain(TOKEN);
      expect(everything).not.toContain(encodeURIComponent(TOKEN));
      expect(everything).not.toContain(proof);
      expect(everything).not.toContain('app-secret');
    }
    expect((refused as Error).message).toContain('Malformed access token [redacted]');
  });
});

describe('a refusal', () => {
  it.each(['EAA|tok+en/=%', 'EAA "quoted" ~token'])('shows %p in no form', async (pageAccessToken) => {
    const forms = [
      pageAccessToken,
      encodeURIComponent(pageAccessToken),
      new URLSearchParams({ t: pageAccessToken }).toString().slice(2),
    ];
    nock(GRAPH)
      .get('/me')
      .query(true)
      .reply(400, { error: { code: 190, message: `Malformed: ${forms.join(' and ')}.` } });
    const refused = await failureOf(api({ pageAccessToken }).get('', {}));
    expect((refused as Error).message).toBe(
      'Graph refused /me (HTTP 400, code 190): Malformed: [redacted] and [redacted] and [redacted].',
    );
  });

  it('names the node where nothing else is named', async () => {
    nock(GRAPH).get('/7').query(true).reply(400, { error: {} });
    await expect(api({ node: '7' }).get('', {})).rejects.toMatchObject({
      path: '/7',
      message: 'Graph refused /7 (HTTP 400, code none): no message',
    });
  });
});

describe('get', () => {
  it('asks with the token and the parameters in the query', async () => {
    nock(GRAPH).get('/me/thread_owner').query({ access_token: TOKEN, recipient: '1' }).reply(200, { data: [] });
    await expect(api().get('/thread_owner', { recipient: '1' })).resolves.toEqual({ data: [] });
  });
});

describe('token and secrets that are replaced', () => {
  it('are used from the next call on, and wiped from what Graph says about them', async () => {
    let secrets = { pageAccessToken: 'old-token', appSecrets: ['old-secret'] };
    const graph = createGraphClient({ graphApiUrl: GRAPH, graphApiVersion: undefined })(() => secrets);
    const proof = (token: string, secret: string) => createHmac('sha256', secret).update(token).digest('hex');
    const query = (token: string, secret: string) => ({ access_token: token, appsecret_proof: proof(token, secret) });
    nock(GRAPH).post('/me/messages').query(query('old-token', 'old-secret')).reply(200, {});
    await graph.call('/messages', {});
    secrets = { pageAccessToken: 'new-token', appSecrets: ['new-secret', 'old-secret'] };
    const newQuery = query('new-token', 'new-secret');
    nock(GRAPH).post('/me/messages').query(newQuery).reply(200, {});
    await graph.call('/messages', {});
    const message = 'Malformed access token new-token';
    nock(GRAPH)
      .get('/me/thread_owner')
      .query({ recipient: '1', ...newQuery })
      .reply(400, { error: { code: 190, message } });
    const failure = await failureOf(graph.get('/thread_owner', { recipient: '1' }));
    expect(String(failure)).toContain('Malformed access token [redacted]');
    expect(nock.pendingMocks()).toEqual([]);
  });
});

describe('calls to other nodes than the Page', () => {
  it('begin at the root where that is asked for', async () => {
    nock(GRAPH).get('/v25.0/debug_token').query({ input_token: 'x', access_token: TOKEN }).reply(200, { data: {} });
    const root = api({ node: '', graphApiVersion: 'v25.0' });
    await expect(root.get('/debug_token', { input_token: 'x' })).resolves.toEqual({ data: {} });
  });

  it('carry the token in the body, where no log of addresses shows it', async () => {
    const appsecret_proof = createHmac('sha256', 'secret').update('1|secret').digest('hex');
    nock(GRAPH)
      .post('/1/subscriptions', { object: 'page', access_token: '1|secret', appsecret_proof })
      .reply(200, { success: true });
    const app = api({ node: '', pageAccessToken: '1|secret', appSecrets: ['secret'], tokenInBody: true });
    await expect(app.call('/1/subscriptions', { object: 'page' })).resolves.toEqual({ success: true });
  });
});

describe('an answer', () => {
  it("tells the platform's time and how long it took, also when it is an error", async () => {
    const told: AnswerFacts[] = [];
    const graph = api({ onAnswer: (facts) => told.push(facts) });
    nock(GRAPH).get('/me').query(true).delay(30).reply(200, {}, { Date: 'Wed, 25 Nov 2026 21:44:51 GMT' });
    await graph.get('', {});
    nock(GRAPH).get('/me').query(true).reply(500, {}, { Date: 'Wed, 25 Nov 2026 21:44:52 GMT' });
    await failureOf(graph.get('', {}));
    nock(GRAPH).get('/me').query(true).reply(200, {}, { Date: 'tomorrow' });
    await graph.get('', {});
    const at = Date.UTC(2026, 10, 25, 21, 44, 51);
    expect(told.map(({ date }) => date)).toEqual([at, at + 1_000, undefined]);
    expect(told[0]?.ms).toBeGreaterThan(25);
    expect(told[0]?.ms).toBeLessThan(5_000);
  });
});
