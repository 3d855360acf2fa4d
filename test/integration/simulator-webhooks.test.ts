import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { PAGE_INBOX, defaultSettings } from '../../src/simulator/settings';
import { simulated } from '../support/simulated-bot';

const reply = { content_type: 'text', title: 'Yes', payload: 'yes' };

describe('simulated webhooks', () => {
  it('are signed over escaped bytes, and carry what the platform sends', async () => {
    const sim = await simulated();
    sim.platform.customerWrites(sim.psid, 'ä👋');
    const [first] = await sim.events();
    expect(first).toMatchObject([
      'messaging',
      { sender: { id: sim.psid }, recipient: { id: defaultSettings.pageId }, message: { text: 'ä👋' } },
    ]);
    const [{ text, signature } = { text: '', signature: '' }] = sim.received;
    expect(text).toContain('\\u00e4\\ud83d\\udc4b');
    expect(signature).toBe(`sha256=${createHmac('sha256', defaultSettings.appSecret).update(text).digest('hex')}`);
  });

  it('arrive on standby while the inbox owns the conversation, postbacks without their payload', async () => {
    const sim = await simulated();
    sim.platform.customerGetsStarted(sim.psid);
    sim.platform.agentWrites(sim.psid, 'I am here');
    sim.platform.customerGetsStarted(sim.psid);
    sim.platform.customerWrites(sim.psid, 'hello');
    sim.platform.agentIsDone(sim.psid);
    const events = await sim.events();
    expect(events.map(([channel, event]) => [channel, Object.keys(event).at(-1)])).toEqual([
      ['messaging', 'postback'],
      ['messaging', 'take_thread_control'],
      ['standby', 'message'],
      ['standby', 'postback'],
      ['standby', 'message'],
      ['messaging', 'pass_thread_control'],
    ]);
    expect(events[0]?.[1]['postback']).toMatchObject({ payload: 'GET_STARTED' });
    expect(events[1]?.[1]['take_thread_control']).toMatchObject({
      previous_owner_app_id: defaultSettings.appId,
      new_owner_app_id: PAGE_INBOX,
    });
    expect(events[2]?.[1]['message']).toMatchObject({ is_echo: true, app_id: Number(PAGE_INBOX) });
    expect(events[3]?.[1]['postback']).toEqual({ title: 'Get Started' });
    expect(events[5]?.[1]['pass_thread_control']).toMatchObject({ new_owner_app_id: defaultSettings.appId });
  });

  it('all arrive on messaging where there is no default application', async () => {
    const sim = await simulated();
    sim.platform.agentWrites(sim.psid, 'I am here');
    await sim.control('PUT', '/trouble', { noDefaultApplication: true });
    sim.platform.customerWrites(sim.psid, 'hello');
    expect((await sim.events()).at(-1)?.[0]).toBe('messaging');
  });

  it('arrive only for fields that are subscribed', async () => {
    const sim = await simulated();
    await sim.control('PUT', '/webhook', { callbackUrl: sim.callbackUrl, fields: ['messages'] });
    sim.platform.customerGetsStarted(sim.psid);
    sim.platform.customerWrites(sim.psid, 'hello');
    sim.platform.agentWrites(sim.psid, 'I am here');
    sim.platform.customerWrites(sim.psid, 'on standby');
    expect((await sim.events()).map(([, event]) => Object.keys(event).at(-1))).toEqual(['message']);
  });

  it('tell that a message was seen, and that another app asks for control', async () => {
    const sim = await simulated();
    sim.platform.customerWrites(sim.psid, 'hello');
    await sim.graph('/me/messages', { recipient: { id: sim.psid }, message: { text: 'hi' } });
    await sim.control('POST', `/customers/${sim.psid}/looks`);
    await sim.control('POST', `/customers/${sim.psid}/looks`);
    await sim.control('POST', '/apps/555/request', { psid: sim.psid, metadata: 'me' });
    await sim.control('POST', '/apps/555/request', { psid: sim.psid });
    const kinds = (await sim.events()).map(([, event]) => Object.keys(event).at(-1));
    expect(kinds).toEqual(['message', 'message', 'read', 'request_thread_control', 'request_thread_control']);
  });

  it('stay away while the bot is down, and arrive at once when it is back and time moves on', async () => {
    const sim = await simulated();
    await sim.control('PUT', '/trouble', { botDown: true });
    sim.platform.customerWrites(sim.psid, 'hello');
    await sim.onWire(({ id, status }) => id === 3 && status === 0);
    await sim.control('PUT', '/trouble', { botDown: false });
    await sim.control('POST', '/time', { advanceMs: 10_000 });
    expect(await sim.events()).toHaveLength(1);
  });
});

describe('the control API', () => {
  it('lets a customer tap only what is offered, and only once', async () => {
    const sim = await simulated();
    sim.platform.customerWrites(sim.psid, 'hello');
    await sim.graph('/me/messages', {
      recipient: { id: sim.psid },
      message: { text: 'Sure?', quick_replies: [reply] },
    });
    const tap = () => sim.control('POST', `/customers/${sim.psid}/taps`, { payload: 'yes' });
    expect((await tap()).status).toBe(200);
    expect(await tap()).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining('not offered') as string },
    });
    const messages = (await sim.events()).map(([, event]) => event['message'] as Record<string, unknown>);
    expect(messages.at(-1)).toMatchObject({ text: 'Yes', quick_reply: { payload: 'yes' } });
  });

  it('plays customers and the agent', async () => {
    const sim = await simulated();
    const { body } = await sim.control('POST', '/customers', { name: 'Jonas' });
    const psid = String(body['psid']);
    expect((await sim.control('POST', `/customers/${psid}/messages`, { text: 'hello' })).body).toEqual({ ok: true });
    await sim.control('POST', `/customers/${psid}/get-started`);
    expect((await sim.control('POST', `/agent/${psid}/done`)).status).toBe(409);
    await sim.control('POST', `/agent/${psid}/messages`, { text: 'I am here' });
    const state = (await sim.control('GET', '/state')).body as {
      customers: { name: string; folder: string; owner: string }[];
    };
    expect(state.customers).toMatchObject([
      { name: 'Maya', folder: 'done', owner: 'nobody' },
      { name: 'Jonas', folder: 'main', owner: 'inbox' },
    ]);
    await sim.control('POST', `/agent/${psid}/done`);
    sim.platform.pass(sim.platform.conversation(psid), '555');
    const later = (await sim.control('GET', '/state')).body as typeof state;
    expect(later.customers[1]).toMatchObject({ folder: 'done', owner: 'other' });
  });

  it('copies a webhook as a curl line, sends it again, saves and replays the session', async () => {
    const sim = await simulated();
    sim.platform.customerWrites(sim.psid, "it's me");
    await sim.events();
    const id = sim.platform.wire.entries[0]?.id ?? 0;
    const { curl } = (await sim.control('GET', `/wire/${id}/curl`)).body as { curl: string };
    expect(curl).toContain(String(sim.received[0]?.signature));
    expect(curl).toContain(String.raw`it'\''s me`);
    await sim.control('POST', `/wire/${id}/again`);
    await sim.events();
    const session = (await sim.control('GET', '/transcript')).body;
    expect(session).toMatchObject({ customers: [{ name: 'Maya' }] });
    expect((await sim.control('POST', '/replay', session)).body).toEqual({ replayed: 2 });
    await sim.events();
    expect(new Set(sim.received.map(({ text }) => text)).size).toBe(1);
    expect(sim.received).toHaveLength(4);
    expect((await sim.control('GET', `/wire/${id}`)).body).toMatchObject({ id, status: 200 });
    await sim.control('POST', '/wire/clear');
    expect((await sim.control('GET', `/wire/${id}`)).status).toBe(404);
  });

  it('replays nothing of a session that holds something else than JSON, and lives on', async () => {
    const sim = await simulated();
    const line = (body: string) => ({ direction: 'webhook', title: 'hello', raw: { body } });
    const answer = await sim.control('POST', '/replay', { wire: [line('{"entry":[]}'), line('{')] });
    expect(answer).toMatchObject({ status: 400, body: { error: expect.any(String) as string } });
    expect(await sim.events()).toEqual([]);
    expect(sim.platform.wire.total).toBe(0);
  });

  it('copies and repeats webhooks only', async () => {
    const sim = await simulated();
    await sim.ask('/me');
    const id = sim.platform.wire.entries.at(-1)?.id ?? 0;
    expect((await sim.control('GET', `/wire/${id}/curl`)).status).toBe(409);
    expect((await sim.control('POST', `/wire/${id}/again`)).status).toBe(409);
  });

  it('refuses what it does not understand, in words', async () => {
    const sim = await simulated();
    for (const [path, body] of [
      ['/customers', {}],
      [`/customers/${sim.psid}/messages`, { text: '' }],
      ['/time', { advanceMs: -1 }],
    ] as const) {
      expect(await sim.control('POST', path, body)).toMatchObject({
        status: 400,
        body: { error: expect.any(String) as string },
      });
    }
    expect((await sim.control('POST', '/customers/7/messages', { text: 'x' })).status).toBe(404);
    expect((await sim.control('POST', '/nothing')).status).toBe(404);
    const form = await fetch(`${sim.url}/sim/customers`, { method: 'POST', body: new URLSearchParams({ name: 'x' }) });
    expect(form.status).toBe(415);
  });

  it('says whether it has become quiet', async () => {
    const sim = await simulated();
    expect((await sim.control('GET', '/quiet')).body).toEqual({ quiet: true });
    expect((await sim.control('GET', '/quiet?timeoutMs=10')).body).toEqual({ quiet: false });
  });

  it('gives the same ids for the same seed', async () => {
    const mids = await Promise.all(
      [7, 7, 8].map(async (seed) => {
        const sim = await simulated({ seed });
        sim.platform.customerWrites(sim.psid, 'hello');
        return [sim.psid, sim.customer.bubbles[0]?.mid].join();
      }),
    );
    expect(mids[0]).toBe(mids[1]);
    expect(mids[0]).not.toBe(mids[2]);
  });

  it('answers this machine only', async () => {
    const sim = await simulated();
    const status = await new Promise((resolve) => {
      httpRequest(`${sim.url}/sim/state`, { headers: { Host: 'evil.example' } }, (res) => {
        resolve(res.resume().statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it('serves its page with a strict policy, and its libraries', async () => {
    const sim = await simulated();
    const page = await sim.call('GET', '/');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'self' 'sha256-/);
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    for (const name of ['preact', 'preact/hooks', 'preact/jsx-runtime'])
      expect((await sim.call('GET', `/library/${name}.js`)).status).toBe(200);
  });

  it('streams news', async () => {
    const sim = await simulated();
    const stream = await fetch(`${sim.url}/sim/events`);
    const reader = stream.body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value as Uint8Array);
    expect(await read()).toMatch(/^data: \{"now"/);
    sim.platform.customerWrites(sim.psid, 'news!');
    expect(await read()).toContain('news!');
    await reader?.cancel();
  });
});
