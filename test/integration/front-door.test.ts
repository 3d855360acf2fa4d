import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import nock from 'nock';
import { StoreError } from '../../src/queue/event-store';
import request from 'supertest';
import { expectGraphCalls, makeBot, messageCall, post, secrets, sign } from '../support/bot';
import { bodyOf, eventOf, fixtureText, ids, tutorial } from '../support/fixtures';

const hello = fixtureText('message-text');

describe('GET /webhook', () => {
  const verify = async (query: Record<string, string | string[]>) =>
    request((await makeBot()).app)
      .get('/webhook')
      .query(query);

  it('answers the challenge as plain text when the verify token is right', async () => {
    const response = await verify({
      'hub.mode': 'subscribe',
      'hub.verify_token': secrets.VERIFY_TOKEN,
      'hub.challenge': '1158201444',
    });
    expect([response.status, response.text]).toEqual([200, '1158201444']);
    expect(response.headers['content-type']).toMatch(/^text\/plain/);
    expect(response.headers['x-content-type-options']).toBe('nosniff');
  });

  it('does not need hub.mode', async () => {
    const response = await verify({ 'hub.verify_token': secrets.VERIFY_TOKEN, 'hub.challenge': '7' });
    expect([response.status, response.text]).toEqual([200, '7']);
  });

  it.each<[string, Record<string, string | string[]>]>([
    ['a wrong token', { 'hub.verify_token': 'guess', 'hub.challenge': '1' }],
    ['a token that only begins right', { 'hub.verify_token': secrets.VERIFY_TOKEN.slice(0, -1), 'hub.challenge': '1' }],
    ['no token', { 'hub.challenge': '1' }],
    ['an empty token', { 'hub.verify_token': '', 'hub.challenge': '1' }],
    ['two tokens', { 'hub.verify_token': [secrets.VERIFY_TOKEN, 'x'], 'hub.challenge': '1' }],
    ['another mode', { 'hub.mode': 'unsubscribe', 'hub.verify_token': secrets.VERIFY_TOKEN, 'hub.challenge': '1' }],
  ])('answers 403 to %s', async (_what, query) => {
    const response = await verify(query);
    expect(response.status).toBe(403);
    expect(response.text).not.toContain(secrets.VERIFY_TOKEN);
  });

  it('says a refused verification in the log, with what to compare, and not what merely passes by', async () => {
    const bot = await makeBot({ LOG_LEVEL: 'info' });
    await request(bot.app).get('/webhook');
    await request(bot.app).get('/elsewhere');
    await request(bot.app).put('/webhook');
    expect(bot.logLines()).toEqual([]);
    await request(bot.app).get('/webhook').query({ 'hub.verify_token': 'guess', 'hub.challenge': '1' });
    expect(bot.logLines()).toEqual([
      expect.objectContaining({
        level: 'warn',
        status: 403,
        times: 1,
        remedy: expect.stringContaining('VERIFY_TOKEN') as string,
      }),
    ]);
    expect(bot.logText()).not.toContain('guess');
  });

  it.each(['grüße aus 東京', 'your verify token', 'abc#def', '"quoted"'])(
    'takes any text for a token: %s',
    async (VERIFY_TOKEN) => {
      const bot = await makeBot({ VERIFY_TOKEN });
      const query = { 'hub.mode': 'subscribe', 'hub.verify_token': VERIFY_TOKEN, 'hub.challenge': '7' };
      expect((await request(bot.app).get('/webhook').query(query)).text).toBe('7');
    },
  );

  it('answers 400 when the challenge is missing', async () => {
    expect((await verify({ 'hub.verify_token': secrets.VERIFY_TOKEN })).status).toBe(400);
  });
});

describe('POST /webhook', () => {
  it('is answered before any Graph call is', async () => {
    let answerGraph: () => void = () => undefined;
    const graphAnswers = new Promise<void>((resolve) => (answerGraph = resolve));
    nock('https://graph.facebook.com')
      .post(/.*/)
      .reply(async () => {
        await graphAnswers;
        return [200, {}];
      });
    const bot = await makeBot();
    const response = await post(bot.app, hello); // would hang for ever if it waited for Graph
    expect([response.status, response.text]).toEqual([200, 'OK']);
    answerGraph();
    await bot.idle();
    expect(bot.logText()).toContain('event handled');
  });

  it.each<[number, string, string, Record<string, string>]>([
    [400, 'broken JSON', '{"object":"page","entry":[', {}],
    [400, 'JSON that is a string', '"entry"', {}],
    [400, 'JSON that is an array', '[]', {}],
    [400, 'no entry', '{"object":"page"}', {}],
    [400, 'an entry that is no array', '{"object":"page","entry":{}}', {}],
    [400, 'an empty body', '', {}],
    [404, 'another object without entries', '{"object":"user"}', {}],
    [404, 'another object', '{"object":"user","entry":[]}', {}],
    [404, 'an object that is no text', '{"object":1,"entry":[]}', {}],
    [415, 'a form', 'entry=1&object=page', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    [
      415,
      'a form with thousands of fields',
      'a=1&'.repeat(2_000),
      { 'Content-Type': 'application/x-www-form-urlencoded' },
    ],
    [415, 'plain text', hello, { 'Content-Type': 'text/plain' }],
    [415, 'an unknown charset', hello, { 'Content-Type': 'application/json; charset=latin-9000' }],
    [415, 'no charset behind its name', hello, { 'Content-Type': 'application/json; charset=' }],
    [415, 'an unknown charset that begins like UTF-8', hello, { 'Content-Type': 'application/json; charset=utf-8x' }],
    [415, 'an unknown charset behind blanks', hello, { 'Content-Type': 'application/json; charset = utf-16' }],
    [415, 'UTF-16', hello, { 'Content-Type': 'application/json; charset=utf-16' }],
    [415, 'a compressed body', hello, { 'Content-Encoding': 'gzip' }],
  ])('answers %d to %s, with one sentence', async (status, _what, text, headers) => {
    const bot = await makeBot();
    const response = await post(bot.app, text, headers);
    expect(response.status).toBe(status);
    expect(response.text).toMatch(/^[A-Z][^\n]{10,120}\.$/);
    expect(response.headers['content-type']).toMatch(/^text\/plain/);
    expect(bot.logText()).toContain('request refused');
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"; v=1',
    'application/json; charset= utf-8',
    'application/json; charset = utf8',
  ])('takes JSON that is called %s', async (type) => {
    const bot = await makeBot();
    expect((await post(bot.app, '{"object":"page","entry":[]}', { 'Content-Type': type })).status).toBe(200);
  });

  it('tells broken JSON from JSON of another form', async () => {
    const { app } = await makeBot();
    expect((await post(app, '{"entry":[}')).text).toBe('The body is not valid JSON.');
    expect((await post(app, '{"entry":{}}')).text).toBe('The body must be a JSON object with an "entry" array.');
  });

  it('answers 400 to a request without any body', async () => {
    expect((await request((await makeBot()).app).post('/webhook')).status).toBe(400);
  });

  it('answers 400 to a request that does not even say how long its body is', async () => {
    const server = (await makeBot()).app.listen(0);
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST /webhook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 [^]*The body is empty/);
    server.close();
  });

  it('takes a body without "object" for one of a Page', async () => {
    const calls = expectGraphCalls(1);
    const entry = [{ messaging: [eventOf({ message: { text: 'hi' } })] }];
    expect((await (await makeBot()).deliver({ entry })).status).toBe(200);
    expect(calls).toEqual([messageCall(tutorial.welcome(ids.person))]);
  });

  it('takes a full batch of almost 5 MiB', async () => {
    const noise = Array.from({ length: 1000 }, () => eventOf({ padding: 'x'.repeat(5_000) }));
    const batch = JSON.stringify({ object: 'page', entry: [{ id: ids.page, messaging: noise }] });
    expect(batch.length).toBeGreaterThan(4.8 * 1024 * 1024);
    expect((await (await makeBot()).deliver(batch)).status).toBe(200);
  });

  it('answers 503 when the events cannot be stored, takes them when they are delivered again, and says so in the log', async () => {
    const calls = expectGraphCalls(1);
    const bot = await makeBot();
    const full = jest.spyOn(bot.store, 'add').mockRejectedValueOnce(new StoreError('disk full'));
    const refused = await bot.deliver(hello);
    expect([refused.status, refused.text]).toEqual([503, 'The events could not be stored. Please deliver them again.']);
    expect(bot.logText()).toMatch(/"level":"error".*disk full/);
    full.mockRestore();
    expect((await bot.deliver(hello)).status).toBe(200);
    expect(calls).toHaveLength(1);
  });

  it('answers 503 when too many events wait', async () => {
    const bot = await makeBot({ MAX_PENDING_EVENTS: '2' });
    expect((await bot.deliver(fixtureText('batch-two-entries-both-channels'))).status).toBe(503);
    expect((await bot.deliver(fixtureText('read'))).status).toBe(200);
  });

  it('acknowledges an event that is delivered again, and does not handle it again', async () => {
    const calls = expectGraphCalls(1);
    const bot = await makeBot();
    for (let times = 0; times < 3; times += 1) expect((await bot.deliver(hello)).status).toBe(200);
    expect(calls).toHaveLength(1);
  });
});

describe('the signature', () => {
  const signed = { APP_SECRET: secrets.APP_SECRET };

  it.each(['message-text', 'message-unicode'])('lets %s in when it is right, over the raw bytes', async (fixture) => {
    const calls = expectGraphCalls(1);
    const bot = await makeBot(signed);
    const text = fixtureText(fixture);
    const response = await post(bot.app, text, { 'X-Hub-Signature-256': sign(text) });
    await bot.idle();
    expect(response.status).toBe(200);
    expect(calls).toHaveLength(1);
  });

  it.each<[string, Record<string, string>]>([
    ['missing', {}],
    ['of another secret', { 'X-Hub-Signature-256': sign(hello, 'another-secret') }],
    ['of another body', { 'X-Hub-Signature-256': sign(`${hello} `) }],
    ['in upper case', { 'X-Hub-Signature-256': sign(hello).toUpperCase() }],
    ['cut short', { 'X-Hub-Signature-256': sign(hello).slice(0, -2) }],
    ['without its prefix', { 'X-Hub-Signature-256': sign(hello).slice('sha256='.length) }],
    ['empty', { 'X-Hub-Signature-256': '' }],
    ['only in the old SHA-1 header', { 'X-Hub-Signature': 'sha1=0123456789012345678901234567890123456789' }],
  ])('answers 401 when it is %s', async (_what, headers) => {
    const bot = await makeBot(signed);
    const response = await post(bot.app, hello, headers);
    expect(response.status).toBe(401);
    expect(response.text).not.toContain(secrets.APP_SECRET);
    await bot.idle();
    expect(bot.logText()).not.toContain('event');
  });

  it('says in the log that it was wrong, with what to compare and how long there is time', async () => {
    const bot = await makeBot({ ...signed, LOG_LEVEL: 'info' });
    for (let n = 0; n < 3; n += 1) await post(bot.app, hello, { 'X-Hub-Signature-256': sign(hello, 'another') });
    expect(bot.logLines()).toEqual([
      expect.objectContaining({
        level: 'warn',
        status: 401,
        times: 1,
        remedy: expect.stringMatching(/APP_SECRET.*App Dashboard.*hour/) as string,
      }),
    ]);
  });

  it('is told to be missing, or not to match', async () => {
    const { app } = await makeBot(signed);
    expect((await post(app, hello)).text).toContain('is missing');
    expect((await post(app, hello, { 'X-Hub-Signature-256': sign('x') })).text).toContain('does not match');
  });

  it('is checked before the body is parsed', async () => {
    expect((await post((await makeBot(signed)).app, '{broken', { 'X-Hub-Signature-256': sign('other') })).status).toBe(
      401,
    );
    expect(
      (await post((await makeBot(signed)).app, '{broken', { 'X-Hub-Signature-256': sign('{broken') })).status,
    ).toBe(400);
  });

  it('is checked on a request without a body', async () => {
    const withHeader = async (value: string) =>
      request((await makeBot(signed)).app)
        .post('/webhook')
        .set('X-Hub-Signature-256', value);
    expect((await withHeader(sign('x'))).status).toBe(401);
    expect((await withHeader(sign(''))).status).toBe(400);
  });

  it('is checked on a form', async () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect(
      (await post((await makeBot(signed)).app, 'a=1', { ...form, 'X-Hub-Signature-256': sign('b=2') })).status,
    ).toBe(401);
    expect(
      (await post((await makeBot(signed)).app, 'a=1', { ...form, 'X-Hub-Signature-256': sign('a=1') })).status,
    ).toBe(415);
  });

  it.each(['the-new-secret', 'the-old-secret'])('may be of any of several secrets: %s', async (secret) => {
    const calls = expectGraphCalls(1);
    const bot = await makeBot({ APP_SECRET: 'the-new-secret, the-old-secret' });
    expect((await post(bot.app, hello, { 'X-Hub-Signature-256': sign(hello, secret) })).status).toBe(200);
    await bot.idle();
    expect(calls).toHaveLength(1);
  });
});

describe('a person whose id is a number', () => {
  it('is answered like any other', async () => {
    const calls = expectGraphCalls(1);
    const event = { ...eventOf({ message: { mid: 'm_1', text: 'hi' } }), sender: { id: 24601 } };
    await (await makeBot()).deliver(JSON.stringify(bodyOf(event)));
    expect(calls).toEqual([messageCall(tutorial.welcome('24601'))]);
  });

  it.each([2 ** 53, -1, 1.5])('is nobody where it cannot be exact: %d', async (id) => {
    const calls = expectGraphCalls(0);
    const event = { ...eventOf({ message: { mid: 'm_1', text: 'hi' } }), sender: { id } };
    expect((await (await makeBot()).deliver(JSON.stringify(bodyOf(event)))).status).toBe(200);
    expect(calls).toEqual([]);
  });
});

describe('other requests', () => {
  it.each(['put', 'delete', 'patch', 'options'] as const)('answers 405 with Allow to %s /webhook', async (method) => {
    const response = await request((await makeBot()).app)[method]('/webhook');
    expect(response.status).toBe(405);
    expect(response.headers['allow']).toBe('GET, HEAD, POST');
  });

  it.each(['/', '/webhooks', '/webhook/x', '/%zz', '/.env'])('answers 404 to %s', async (path) => {
    expect((await request((await makeBot()).app).get(path)).status).toBe(404);
  });

  it('does not say what it is made with', async () => {
    const response = await request((await makeBot()).app).get('/');
    expect(response.headers).not.toHaveProperty('x-powered-by');
  });
});
