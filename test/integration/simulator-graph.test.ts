import { createHmac } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { FIELDS, PAGE_INBOX, defaultSettings } from '../../src/simulator/settings';
import { subscribeBot } from '../../src/simulator/setup';
import { startHttpServer } from '../support/http-server';
import { errorOf, simulated } from '../support/simulated-bot';

const HOUR = 3_600_000;
const { appId, pageId, appSecret, pageAccessToken } = defaultSettings;
const challengeOf = (path: string | undefined) =>
  new URL(path ?? '', 'http://localhost').searchParams.get('hub.challenge') ?? '';
const hello = (psid: string, extra: object = {}) => ({
  recipient: { id: psid },
  messaging_type: 'RESPONSE',
  message: { text: 'hi' },
  ...extra,
});

/** A simulator whose customer has just written. */
async function inConversation(settings = {}) {
  const sim = await simulated(settings);
  sim.platform.customerWrites(sim.psid, 'hello');
  return sim;
}

describe('the simulated Send API', () => {
  it.each(['/me/messages', '/v25.0/me/messages', `/${pageId}/messages`, `/v26.0/${pageId}/messages`])(
    'takes a message at %s',
    async (path) => {
      const sim = await inConversation();
      const answer = await sim.graph(path, hello(sim.psid));
      expect(answer).toMatchObject({
        status: 200,
        body: { recipient_id: sim.psid, message_id: expect.stringMatching(/^m_/) as string },
      });
      expect(sim.customer.bubbles.at(-1)).toMatchObject({ from: 'bot', text: 'hi' });
    },
  );

  it('shows quick replies, and cuts titles to 20 characters', async () => {
    const sim = await inConversation();
    const quick_replies = [{ content_type: 'text', title: 'x'.repeat(30), payload: 'p' }];
    await sim.graph('/me/messages', hello(sim.psid, { message: { text: 'hi', quick_replies } }));
    expect(sim.customer.bubbles.at(-1)?.quickReplies).toEqual([{ title: 'x'.repeat(20), payload: 'p' }]);
  });

  it('takes as much as the platform takes, and any type of message', async () => {
    const sim = await inConversation();
    const quick_replies = Array.from({ length: 13 }, (_, n) => ({
      content_type: 'text',
      title: `${n}`,
      payload: 'p'.repeat(1_000),
    }));
    const message = { text: 'x'.repeat(2_000), quick_replies };
    for (const messaging_type of ['RESPONSE', 'UPDATE', 'MESSAGE_TAG', undefined])
      expect((await sim.graph('/me/messages', hello(sim.psid, { message, messaging_type }))).status).toBe(200);
    for (const sender_action of ['typing_on', 'typing_off', 'mark_seen'])
      expect((await sim.graph('/me/messages', { recipient: { id: sim.psid }, sender_action })).body).toEqual({
        recipient_id: sim.psid,
      });
  });

  it.each<[string, object]>([
    ['recipient', { recipient: undefined }],
    ['recipient', { recipient: { id: '' } }],
    ['recipient', { recipient: 'somebody' }],
    ['message', { message: { text: '' } }],
    ['message', { message: { text: 'x', quick_replies: [{ content_type: 'text', title: '', payload: 'p' }] } }],
    ['message', { message: { text: 'x', quick_replies: [{ content_type: 'text', title: 't', payload: '' }] } }],
    ['message', { message: { text: 'x', quick_replies: [{ content_type: 'user_email', title: 't', payload: 'p' }] } }],
    ['sender_action', { message: undefined, sender_action: 'dance' }],
    ['thread_control', { thread_control: { control_type: 'pass', app_id: 'inbox 7' } }],
    ['message', { message: undefined }],
    ['message', { message: { text: 'x'.repeat(2001) } }],
    [
      'message',
      {
        message: {
          text: 'x',
          quick_replies: Array.from({ length: 14 }, () => ({ content_type: 'text', title: 't', payload: 'p' })),
        },
      },
    ],
    [
      'message',
      { message: { text: 'x', quick_replies: [{ content_type: 'text', title: 't', payload: 'p'.repeat(1001) }] } },
    ],
    ['messaging_type', { messaging_type: 'SPAM' }],
    ['sender_action', { sender_action: 'typing_on' }],
    ['thread_control', { thread_control: { control_type: 'grab' } }],
    ['thread_control.app_id', { thread_control: { control_type: 'pass' } }],
  ])('refuses a wrong %s by its name, with 100', async (name, wrong) => {
    const sim = await inConversation();
    const answer = await sim.graph('/me/messages', hello(sim.psid, wrong));
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code: 100, message: expect.stringContaining(name) as string });
    expect(sim.customer.bubbles).toHaveLength(1);
  });

  it('takes a sender action from whoever may write', async () => {
    const sim = await inConversation();
    const typing = { recipient: { id: sim.psid }, sender_action: 'typing_on' };
    expect(await sim.graph('/me/messages', typing)).toMatchObject({ status: 200, body: { recipient_id: sim.psid } });
    sim.platform.agentWrites(sim.psid, 'I am here');
    expect(errorOf(await sim.graph('/me/messages', typing)).error_subcode).toBe(2018300);
  });

  it('passes or releases control together with the message', async () => {
    const sim = await inConversation();
    await sim.graph(
      '/me/messages',
      hello(sim.psid, { thread_control: { control_type: 'pass', app_id: Number(PAGE_INBOX) } }),
    );
    expect(sim.platform.ownerOf(sim.customer)).toBe(PAGE_INBOX);
    sim.platform.agentIsDone(sim.psid);
    await sim.graph('/me/messages', hello(sim.psid, { thread_control: { control_type: 'release' } }));
    expect(sim.platform.ownerOf(sim.customer)).toBeUndefined();
  });

  it('releases control, whatever app is named beside it', async () => {
    const sim = await inConversation();
    const thread_control = { control_type: 'release', app_id: PAGE_INBOX };
    expect((await sim.graph('/me/messages', hello(sim.psid, { thread_control }))).status).toBe(200);
    expect(sim.platform.ownerOf(sim.customer)).toBeUndefined();
  });

  it('refuses an app that does not own the conversation: 10/2018300', async () => {
    const sim = await inConversation();
    sim.platform.agentWrites(sim.psid, 'I am here');
    expect(errorOf(await sim.graph('/me/messages', hello(sim.psid)))).toMatchObject({
      code: 10,
      error_subcode: 2018300,
    });
  });

  it('refuses a message outside of 24 hours: 10/2018278', async () => {
    const sim = await inConversation();
    await sim.control('POST', '/time', { advanceMs: 24 * HOUR + 60_000 });
    expect(errorOf(await sim.graph('/me/messages', hello(sim.psid)))).toMatchObject({
      code: 10,
      error_subcode: 2018278,
    });
    const silent = sim.platform.createCustomer('Silent');
    expect(errorOf(await sim.graph('/me/messages', hello(silent.psid))).error_subcode).toBe(2018278);
  });

  it('does not know everybody: 100/2018001, and cannot reach everybody: 551', async () => {
    const sim = await inConversation();
    expect(errorOf(await sim.graph('/me/messages', hello('999')))).toMatchObject({ code: 100, error_subcode: 2018001 });
    await sim.control('PUT', `/customers/${sim.psid}/blocked`, { blocked: true });
    expect(await sim.graph('/me/messages', hello(sim.psid))).toMatchObject({
      status: 403,
      body: { error: { code: 551, error_subcode: 1545041 } },
    });
  });
});

describe('who may call', () => {
  const proof = (secret: string) => createHmac('sha256', secret).update(pageAccessToken).digest('hex');

  it('is who has the token: 190', async () => {
    const sim = await inConversation();
    for (const path of ['/me/messages', '/me/messages?access_token=wrong']) {
      expect(errorOf(await sim.call('POST', path, hello(sim.psid)))).toMatchObject({ code: 190 });
    }
    const wrong = await fetch(`${sim.url}/me`, { headers: { Authorization: 'Bearer wrong' } });
    expect(wrong.status).toBe(400);
    const bearer = await fetch(`${sim.url}/me`, { headers: { Authorization: `bearer ${pageAccessToken}` } });
    expect(bearer.status).toBe(200);
  });

  it('is who proves to know the App Secret, which is required by default', async () => {
    const sim = await inConversation({ requireProof: defaultSettings.requireProof });
    const path = `/me?access_token=${pageAccessToken}`;
    expect(errorOf(await sim.call('GET', path)).message).toContain(
      'requires an appsecret_proof'.replace('requires', 'require'),
    );
    expect(errorOf(await sim.call('GET', `${path}&appsecret_proof=${proof('wrong')}`)).message).toContain(
      'Invalid appsecret_proof',
    );
    expect((await sim.call('GET', `${path}&appsecret_proof=${proof(appSecret)}`)).status).toBe(200);
  });

  it('is not who proves it wrongly, even where no proof is required', async () => {
    const sim = await inConversation();
    const path = `/me?access_token=${pageAccessToken}&appsecret_proof=`;
    expect(errorOf(await sim.call('GET', `${path}${proof('wrong')}`)).code).toBe(100);
    expect((await sim.call('GET', `${path}${proof(appSecret)}`)).status).toBe(200);
  });

  it('is told what was wrong in the shape of the platform', async () => {
    const sim = await inConversation();
    const fbtrace_id = expect.stringMatching(/^A/) as string;
    const message = expect.any(String) as string;
    expect((await sim.call('GET', '/me')).body).toEqual({
      error: { message, type: 'OAuthException', code: 190, error_subcode: 463, fbtrace_id },
    });
    expect(await sim.graph('/me/messages', {})).toMatchObject({
      status: 400,
      body: { error: { message, type: 'GraphMethodException', code: 100, fbtrace_id } },
    });
    sim.platform.agentWrites(sim.psid, 'I am here');
    expect(await sim.graph('/me/messages', hello(sim.psid))).toMatchObject({
      status: 403,
      body: { error: { type: 'OAuthException', code: 10 } },
    });
    await sim.control('PUT', '/trouble', { serverErrors: true });
    expect((await sim.graph('/me/messages', {})).body).toEqual({
      error: { message, type: 'GraphMethodException', code: 1, is_transient: true, fbtrace_id },
    });
    const headers = { 'Content-Type': 'application/json' };
    const unreadable = await fetch(`${sim.url}/me/messages`, { method: 'POST', headers, body: '{' });
    expect([unreadable.status, await unreadable.json()]).toMatchObject([400, { error: { code: 100 } }]);
  });

  it('is shown on the wire without the token, with the answer and who is in control then', async () => {
    const sim = await inConversation();
    const body = { recipient: { id: sim.psid }, target_app_id: PAGE_INBOX };
    await sim.graph('/v25.0/me/pass_thread_control', body);
    const call = await sim.onWire(({ direction, status }) => direction === 'graph' && status === 200);
    const about = { method: 'POST', title: 'pass_thread_control', path: '/v25.0/me/pass_thread_control' };
    expect(call).toMatchObject({
      ...about,
      psid: sim.psid,
      owner: PAGE_INBOX,
      request: body,
      response: { success: true },
    });
    await sim.ask(`/me/thread_owner?recipient=${sim.psid}`);
    expect(await sim.onWire(({ title, status }) => title === 'thread_owner' && status === 200)).toMatchObject({
      psid: sim.psid,
      request: null,
    });
    await sim.graph('/me/messages', hello('7'));
    expect(await sim.onWire(({ title, status }) => title === 'messages' && status === 400)).toMatchObject({
      psid: '7',
      owner: undefined,
    });
    await sim.ask('/me');
    expect(await sim.onWire(({ title, status }) => title === 'me' && status === 200)).toMatchObject({
      psid: undefined,
      owner: undefined,
    });
    expect(JSON.stringify(sim.platform.wire.entries)).not.toContain(pageAccessToken);
  });
});

describe('simulated thread control', () => {
  const recipientOf = (psid: string) => ({ recipient: { id: psid } });
  const ownerAnswer = async (sim: Awaited<ReturnType<typeof simulated>>) =>
    (await sim.ask(`/me/thread_owner?recipient=${sim.psid}`)).body['data'] as {
      thread_owner: { app_id: string; expiration: number };
    }[];

  it('is told with the second in which it ends', async () => {
    const sim = await inConversation();
    const [answer] = await ownerAnswer(sim);
    expect(answer?.thread_owner.expiration).toBe(Math.floor(sim.customer.ownedUntil / 1_000));
    expect(errorOf(await sim.ask('/me/thread_owner')).error_subcode).toBe(2018001);
  });

  it('is about somebody, and goes to some app', async () => {
    const sim = await inConversation();
    for (const call of ['pass', 'take', 'release', 'request', 'extend'])
      expect(errorOf(await sim.graph(`/me/${call}_thread_control`, { target_app_id: 5, duration: 60 }))).toMatchObject({
        code: 100,
        message: expect.stringContaining('recipient') as string,
      });
    const pass = { ...recipientOf(sim.psid), metadata: 'help' };
    for (const target_app_id of [undefined, 'inbox', 1.5])
      expect(errorOf(await sim.graph('/me/pass_thread_control', { ...pass, target_app_id })).message).toContain(
        'target_app_id',
      );
    await sim.graph('/me/pass_thread_control', { ...pass, target_app_id: '555' });
    expect((await sim.events()).at(-1)?.[1]).toMatchObject({
      pass_thread_control: { new_owner_app_id: '555', metadata: 'help' },
    });
  });

  it('begins idle, belongs to the bot once the person writes, and is idle again after 24 hours', async () => {
    const sim = await simulated();
    expect(await ownerAnswer(sim)).toEqual([]);
    sim.platform.customerWrites(sim.psid, 'hello');
    expect((await ownerAnswer(sim))[0]?.thread_owner.app_id).toBe(appId);
    await sim.control('POST', '/time', { advanceMs: 24 * HOUR + 60_000 });
    expect(await ownerAnswer(sim)).toEqual([]);
  });

  it('is passed, taken back and released', async () => {
    const sim = await inConversation();
    const pass = { ...recipientOf(sim.psid), target_app_id: Number(PAGE_INBOX), metadata: 'help' };
    expect((await sim.graph('/me/pass_thread_control', pass)).body).toEqual({ success: true });
    expect((await ownerAnswer(sim))[0]?.thread_owner.app_id).toBe(PAGE_INBOX);
    expect(errorOf(await sim.graph('/me/pass_thread_control', pass)).error_subcode).toBe(2018300);
    expect(errorOf(await sim.graph('/me/release_thread_control', recipientOf(sim.psid))).error_subcode).toBe(2018300);
    expect((await sim.graph('/me/take_thread_control', recipientOf(sim.psid))).body).toEqual({ success: true });
    expect((await ownerAnswer(sim))[0]?.thread_owner.app_id).toBe(appId);
    expect((await sim.graph('/me/release_thread_control', recipientOf(sim.psid))).body).toEqual({ success: true });
    expect(await ownerAnswer(sim)).toEqual([]);
    expect((await sim.graph('/me/request_thread_control', recipientOf(sim.psid))).body).toEqual({ success: true });
  });

  it('cannot be taken without a default application', async () => {
    const sim = await inConversation();
    sim.platform.agentWrites(sim.psid, 'hi');
    await sim.control('PUT', '/trouble', { noDefaultApplication: true });
    expect(errorOf(await sim.graph('/me/take_thread_control', recipientOf(sim.psid)))).toMatchObject({ code: 10 });
    const inline = hello(sim.psid, { thread_control: { control_type: 'release' } });
    expect(errorOf(await sim.graph('/me/messages', inline))).toMatchObject({ code: 10 });
    const own = sim.platform.createCustomer('Jonas');
    sim.platform.customerWrites(own.psid, 'hello');
    expect(errorOf(await sim.graph('/me/messages', { ...inline, recipient: { id: own.psid } }))).toMatchObject({
      code: 10,
    });
    expect(own.bubbles).toHaveLength(1);
    const status = (await sim.ask('/me?fields=id,messaging_feature_status')).body;
    expect(status).toMatchObject({ id: pageId, messaging_feature_status: { hop_v2: false } });
  });

  it('is extended by at most 7 days', async () => {
    const sim = await inConversation();
    const extend = (duration: unknown) =>
      sim.graph('/me/extend_thread_control', { ...recipientOf(sim.psid), duration });
    expect((await extend(604_800)).body).toEqual({ success: true });
    await sim.control('POST', '/time', { advanceMs: 100 * HOUR });
    expect((await ownerAnswer(sim))[0]?.thread_owner.app_id).toBe(appId);
    for (const wrong of [604_801, 0, undefined]) expect(errorOf(await extend(wrong)).message).toContain('duration');
  });
});

describe('setting up', () => {
  const appToken = `${appId}|${appSecret}`;

  it('verifies a callback with the real request before it subscribes to it', async () => {
    const sim = await simulated();
    const wish = {
      object: 'page',
      callback_url: sim.callbackUrl,
      verify_token: defaultSettings.verifyToken,
      fields: 'messages,standby',
      access_token: appToken,
    };
    expect((await sim.call('POST', `/${appId}/subscriptions`, wish)).body).toEqual({ success: true });
    const { body } = await sim.call(
      'GET',
      `/v25.0/${appId}/subscriptions?access_token=${encodeURIComponent(appToken)}`,
    );
    expect(body).toMatchObject({
      data: [{ callback_url: sim.callbackUrl, fields: [{ name: 'messages' }, { name: 'standby' }] }],
    });
    for (const [name, wrong] of Object.entries({
      verify_token: 'wrong',
      callback_url: 'nowhere',
      object: 'user',
      fields: 'gossip',
    })) {
      const answer = await sim.call('POST', `/${appId}/subscriptions`, { ...wish, [name]: wrong });
      expect(errorOf(answer)).toMatchObject({
        code: 100,
        message: expect.stringContaining(name === 'verify_token' ? 'callback_url' : name) as string,
      });
    }
    expect(sim.platform.webhooks.subscription.appFields).toEqual(new Set(['messages', 'standby']));
  });

  it('takes what an app wishes as JSON, as a form or in the address, from who knows its secret', async () => {
    const sim = await simulated();
    const { subscription } = sim.platform.webhooks;
    const path = `/${appId}/subscriptions`;
    const token = `access_token=${encodeURIComponent(appToken)}`;
    subscription.callbackUrl = undefined;
    expect((await sim.call('GET', `${path}?${token}`)).body).toEqual({ data: [] });
    const wish = { object: 'page', callback_url: sim.callbackUrl, verify_token: defaultSettings.verifyToken };
    const form = new URLSearchParams({ ...wish, fields: 'messages', access_token: appToken });
    expect((await fetch(`${sim.url}${path}`, { method: 'POST', body: form })).status).toBe(200);
    expect((await sim.call('GET', `${path}?${token}`)).body).toEqual({
      data: [
        {
          object: 'page',
          callback_url: sim.callbackUrl,
          active: true,
          fields: [{ name: 'messages', version: 'v26.0' }],
        },
      ],
    });
    form.set('fields', 'standby');
    expect((await fetch(`${sim.url}${path}?${form.toString()}`, { method: 'POST' })).status).toBe(200);
    expect(subscription.appFields).toEqual(new Set(['standby']));
    await sim.call('POST', path, { ...wish, fields: ['messages', 'standby'], access_token: appToken });
    expect(subscription.appFields).toEqual(new Set(['messages', 'standby']));
    for (const wrong of ['x', `${appToken.slice(0, -1)}x`, '']) {
      expect(errorOf(await sim.call('POST', path, { ...wish, fields: 'messages', access_token: wrong })).code).toBe(
        190,
      );
      for (const asked of [`${path}?`, '/debug_token?'])
        expect(errorOf(await sim.call('GET', `${asked}access_token=${encodeURIComponent(wrong)}`)).code).toBe(190);
    }
    expect(errorOf(await sim.call('GET', '/debug_token')).code).toBe(190);
  });

  it.each<[string, RequestListener]>([
    ['hangs up', (_req, res) => void res.destroy()],
    ['hangs up in the middle', (_req, res) => void res.write('1', () => res.destroy())],
    ['answers something else', (_req, res) => void res.end('1')],
    ['refuses', (req, res) => void res.writeHead(403).end(challengeOf(req.url))],
  ])('does not subscribe to a callback that %s', async (_what, listener) => {
    const sim = await simulated();
    const { url } = await startHttpServer(listener);
    await expect(subscribeBot(sim.url, sim.platform, `${url}/webhook?of=ours`)).rejects.toThrow(
      'could not be verified',
    );
    expect(sim.platform.webhooks.subscription.callbackUrl).toBe(sim.callbackUrl);
    expect(sim.platform.wire.entries.filter(({ status }) => status === undefined)).toEqual([]);
  });

  it('subscribes app and Page to everything, as a person would in the App Dashboard', async () => {
    const sim = await simulated();
    const { subscription } = sim.platform.webhooks;
    for (const set of [subscription.appFields, subscription.pageFields]) set.clear();
    let asked: string | undefined;
    const { url } = await startHttpServer((req, res) => {
      asked = req.url;
      res.end(challengeOf(req.url));
    });
    await subscribeBot(sim.url, sim.platform, `${url}/webhook?of=ours`);
    expect(subscription).toEqual({
      callbackUrl: `${url}/webhook?of=ours`,
      isActive: true,
      appFields: new Set(FIELDS),
      pageFields: new Set(FIELDS),
    });
    expect(Object.fromEntries(new URL(asked ?? '', url).searchParams)).toEqual({
      of: 'ours',
      'hub.mode': 'subscribe',
      'hub.verify_token': defaultSettings.verifyToken,
      'hub.challenge': expect.stringMatching(/^\d+$/) as string,
    });
    expect(await sim.onWire(({ title }) => title === 'verification')).toMatchObject({
      path: '/webhook',
      status: 200,
      response: challengeOf(asked),
    });
  });

  it('subscribes the Page, tells to what, and forgets it', async () => {
    const sim = await simulated();
    const form = new URLSearchParams({ subscribed_fields: 'standby, messages' });
    await fetch(`${sim.url}/me/subscribed_apps?access_token=${pageAccessToken}`, { method: 'POST', body: form });
    expect(sim.platform.webhooks.subscription.pageFields).toEqual(new Set(['standby', 'messages']));
    expect((await sim.graph('/me/subscribed_apps', { subscribed_fields: ['messages'] })).body).toEqual({
      success: true,
    });
    expect((await sim.ask('/me/subscribed_apps')).body).toEqual({
      data: [{ id: appId, subscribed_fields: ['messages'] }],
    });
    for (const wrong of ['x', 'messages,x', '', undefined, 7])
      expect(errorOf(await sim.graph('/me/subscribed_apps', { subscribed_fields: wrong })).message).toContain(
        'subscribed_fields',
      );
    expect((await sim.call('DELETE', `/me/subscribed_apps?access_token=${pageAccessToken}`)).body).toEqual({
      success: true,
    });
    expect((await sim.ask('/me/subscribed_apps')).body).toEqual({ data: [] });
  });

  it('keeps the profile, describes the Page, and looks into a token', async () => {
    const sim = await simulated();
    expect((await sim.ask('/me/messenger_profile')).body).toEqual({ data: [] });
    await sim.graph('/me/messenger_profile', { get_started: { payload: 'GO' } });
    expect((await sim.ask('/me/messenger_profile')).body).toEqual({ data: [{ get_started: { payload: 'GO' } }] });
    expect((await sim.graph('/me/messenger_profile', { greeting: [] })).body).toEqual({ result: 'success' });
    expect((await sim.ask('/me/messenger_profile')).body).toEqual({
      data: [{ get_started: { payload: 'GO' }, greeting: [] }],
    });
    expect((await sim.ask('/me/messenger_profile?fields=get_started,persistent_menu')).body).toEqual({
      data: [{ get_started: { payload: 'GO' } }],
    });
    const wish = `/me/messenger_profile?fields=get_started&access_token=${pageAccessToken}`;
    expect((await sim.call('DELETE', wish)).body).toEqual({ result: 'success' });
    expect((await sim.ask('/me/messenger_profile?fields=get_started')).body).toEqual({ data: [] });
    expect((await sim.ask('/me')).body).toEqual({ id: pageId, name: 'Corner Bakery' });
    expect((await sim.ask('/me?fields=name,%20messaging_feature_status')).body).toEqual({
      id: pageId,
      name: 'Corner Bakery',
      messaging_feature_status: { hop_v2: true, msgr_multi_app: true, ig_multi_app: false },
    });
    for (const name of ['secrets', 'constructor'])
      expect(errorOf(await sim.ask(`/me?fields=id,${name}`)).message).toContain(name);
    const debug = (token: string) =>
      sim.call('GET', `/debug_token?input_token=${token}&access_token=${encodeURIComponent(appToken)}`);
    expect((await debug(pageAccessToken)).body).toMatchObject({ data: { is_valid: true, profile_id: pageId } });
    expect((await debug('other')).body).toMatchObject({ data: { is_valid: false } });
    await sim.control('PUT', '/trouble', { tokenInvalid: true });
    expect((await debug(pageAccessToken)).body).toMatchObject({
      data: { is_valid: false, type: 'PAGE', app_id: appId },
    });
  });

  it('knows no other paths', async () => {
    const sim = await simulated();
    expect((await sim.graph('/me/photos', {})).status).toBe(404);
    expect((await sim.ask('/me/messages')).status).toBe(404);
    expect(await sim.call('GET', '/elsewhere/at/all')).toMatchObject({ status: 404, body: { error: { code: 2500 } } });
  });
});

describe('what is set up wrongly', () => {
  const appToken = encodeURIComponent(`${appId}|${appSecret}`);
  const tokenOf = async (sim: Awaited<ReturnType<typeof simulated>>) => {
    const { body } = await sim.call('GET', `/debug_token?input_token=${pageAccessToken}&access_token=${appToken}`);
    return body['data'] as Record<string, unknown>;
  };

  it('may be the token: its end, its owner, its scopes, its app', async () => {
    const sim = await simulated();
    const setUp = (wish: object) => sim.control('PUT', '/setup', wish);
    const end = Math.floor(Date.now() / 1_000) + 3_600;
    await setUp({ tokenExpiresAt: end, dataAccessExpiresAt: end, scopes: ['pages_messaging'], scopeTargets: ['7'] });
    expect(await tokenOf(sim)).toMatchObject({
      app_id: appId,
      is_valid: true,
      expires_at: end,
      data_access_expires_at: end,
      scopes: ['pages_messaging'],
      granular_scopes: [{ scope: 'pages_messaging', target_ids: ['7'] }],
    });
    await sim.control('POST', '/time', { advanceMs: HOUR + 1_000 });
    expect(await tokenOf(sim)).toMatchObject({ is_valid: false, error: { code: 190 } });
    expect(errorOf(await sim.ask('/me')).code).toBe(190);
    await setUp({ tokenExpiresAt: 0, tokenType: 'USER' });
    expect(await tokenOf(sim)).toMatchObject({ is_valid: true, type: 'USER' });
    expect((await sim.ask('/me')).body).toMatchObject({ name: 'Ada Admin' });
    expect(errorOf(await sim.ask('/me/subscribed_apps')).code).toBe(210);
    expect(errorOf(await sim.ask('/me?fields=messaging_feature_status')).code).toBe(100);
    await setUp({ tokenAppId: '7' });
    expect(await tokenOf(sim)).toMatchObject({ is_valid: false, error: { code: 100 } });
    await setUp({ tokenAppId: null, tokenType: 'PAGE' });
    expect(await tokenOf(sim)).toMatchObject({ is_valid: true, type: 'PAGE' });
  });

  it('may be the subscriptions: fields that are missing, one that is switched off or gone', async () => {
    const sim = await simulated();
    const asked = `/${appId}/subscriptions?access_token=${appToken}`;
    await sim.control('PUT', '/setup', { appFields: ['messages'], pageFields: ['standby'], active: false });
    expect((await sim.call('GET', asked)).body).toMatchObject({
      data: [{ active: false, fields: [{ name: 'messages' }] }],
    });
    expect((await sim.ask('/me/subscribed_apps')).body).toMatchObject({ data: [{ subscribed_fields: ['standby'] }] });
    await sim.control('PUT', '/setup', { pageFields: ['messages'] });
    sim.platform.customerWrites(sim.psid, 'hello');
    expect(await sim.events()).toEqual([]);
    await sim.control('PUT', '/setup', { active: true });
    sim.platform.customerWrites(sim.psid, 'hello');
    expect(await sim.events()).toHaveLength(1);
    expect((await sim.call('DELETE', asked)).body).toEqual({ success: true });
    expect((await sim.call('GET', asked)).body).toEqual({ data: [] });
    expect(errorOf(await sim.call('DELETE', `/${appId}/subscriptions`)).code).toBe(190);
  });

  it('is not what there is no such thing of', async () => {
    const sim = await simulated();
    for (const wish of [{ nonsense: 1 }, { tokenType: 'APP' }, { tokenExpiresAt: -1 }, { appFields: ['gossip'] }, []])
      expect((await sim.control('PUT', '/setup', wish)).status).toBe(400);
  });

  it("may be the clock: the platform's time stands in each answer of Graph", async () => {
    const sim = await simulated();
    await sim.control('POST', '/time', { advanceMs: HOUR });
    const date = Date.parse((await sim.ask('/me')).headers.get('date') ?? '');
    expect(Math.abs(date - Date.now() - HOUR)).toBeLessThan(30_000);
  });
});

describe('trouble with Graph', () => {
  it.each([
    ['serverErrors', 500, 1],
    ['rateLimited', 400, 613],
    ['tokenInvalid', 400, 190],
  ])('%s answers %d with code %d until it is over', async (name, status, code) => {
    const sim = await inConversation();
    await sim.control('PUT', '/trouble', { [name]: true });
    const answer = await sim.graph('/me/messages', hello(sim.psid));
    expect(answer.status).toBe(status);
    expect(errorOf(answer).code).toBe(code);
    if (code === 613)
      expect(answer.headers.get('x-business-use-case-usage')).toContain('"estimated_time_to_regain_access":1');
    await sim.control('POST', '/trouble/none');
    expect((await sim.graph('/me/messages', hello(sim.psid))).status).toBe(200);
  });

  it('meets what the app asks, too', async () => {
    const sim = await simulated();
    await sim.control('PUT', '/trouble', { serverErrors: true });
    const token = encodeURIComponent(`${appId}|${appSecret}`);
    for (const path of ['/debug_token?input_token=x', `/v25.0/${appId}/subscriptions?`])
      expect((await sim.call('GET', `${path}&access_token=${token}`)).status).toBe(500);
  });

  it('may come late', async () => {
    const sim = await inConversation();
    await sim.control('PUT', '/trouble', { latencyMs: 60_000 });
    const start = performance.now();
    const answer = sim.graph('/me/messages', hello(sim.psid));
    const call = await sim.onWire(({ direction }) => direction === 'graph');
    await sim.control('GET', '/state'); // what is not late is answered before this
    expect([call.status, call.ms]).toEqual([undefined, undefined]);
    await sim.control('POST', '/time', { advanceMs: 60_000 });
    expect((await answer).status).toBe(200);
    await sim.onWire(({ id, status }) => id === call.id && status === 200);
    expect(call.ms).toBeLessThanOrEqual(Math.ceil(performance.now() - start));
  });

  it('may leave a call without an answer until the bot hangs up', async () => {
    const sim = await inConversation();
    await sim.control('PUT', '/trouble', { timeouts: true });
    const bot = new AbortController();
    const path = `${sim.url}/me/messages?access_token=${pageAccessToken}`;
    const answer = fetch(path, { method: 'POST', signal: bot.signal });
    const call = await sim.onWire(({ direction }) => direction === 'graph');
    await sim.control('POST', '/time', { advanceMs: HOUR });
    expect(call.status).toBeUndefined();
    bot.abort();
    await expect(answer).rejects.toThrow(/aborted/);
    expect(await sim.onWire(({ status }) => status === 0)).toMatchObject({ id: call.id, response: 'no answer' });
  });

  it.each([{ nonsense: true }, { latencyMs: -1 }, { latencyMs: 'long' }, { botDown: 1 }])(
    'is not made by %p',
    async (wish) => {
      const sim = await simulated();
      expect(await sim.control('PUT', '/trouble', wish)).toMatchObject({
        status: 400,
        body: { error: expect.any(String) as string },
      });
    },
  );
});
