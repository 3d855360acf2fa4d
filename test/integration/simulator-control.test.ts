import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { FIELDS } from '../../src/simulator/settings';
import { simulated } from '../support/simulated-bot';

const reply = { content_type: 'text', title: 'Yes', payload: 'yes' };

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
    expect(sim.platform.conversation(psid).bubbles).toMatchObject([{ text: 'hello' }, { text: 'Get Started' }]);
    expect((await sim.control('POST', `/agent/${psid}/done`)).status).toBe(409);
    await sim.control('POST', `/agent/${psid}/messages`, { text: 'I am here' });
    const state = (await sim.control('GET', '/state')).body as {
      customers: { name: string; folder: string; owner: string }[];
    };
    expect(state.customers).toMatchObject([
      { name: 'Maya', folder: 'done', owner: 'nobody' },
      { name: 'Jonas', folder: 'main', owner: 'inbox' },
    ]);
    for (const act of ['/nothing', `/wire/7/again`]) expect((await sim.control('POST', act)).status).toBe(404);
    await sim.control('POST', `/agent/${psid}/done`);
    await sim.control('PUT', `/customers/${psid}/blocked`, { blocked: true });
    expect(sim.platform.conversation(psid).blocked).toBe(true);
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
    expect(curl).toContain(`'${sim.callbackUrl}'`);
    expect(curl).toContain(String(sim.received[0]?.signature));
    expect(curl).toContain(String.raw`it'\''s me`);
    await sim.control('POST', `/wire/${id}/again`);
    await sim.events();
    await sim.ask('/me'); // a call of the bot is no webhook
    const session = (await sim.control('GET', '/transcript')).body;
    expect(session).toMatchObject({ customers: [{ name: 'Maya' }], savedAt: expect.any(Number) as number });
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
    for (const [method, path, body] of [
      ['POST', '/customers', {}],
      ['POST', '/customers', { name: '' }],
      ['POST', '/customers', { name: 'x'.repeat(61) }],
      ['POST', `/customers/${sim.psid}/messages`, { text: '' }],
      ['POST', `/agent/${sim.psid}/messages`, { text: 'x'.repeat(2_001) }],
      ['POST', `/customers/${sim.psid}/taps`, { payload: '' }],
      ['PUT', `/customers/${sim.psid}/blocked`, { blocked: 'yes' }],
      ['POST', '/apps/555/request', { metadata: 'x' }],
      ['PUT', '/webhook', { callbackUrl: 'nowhere' }],
      ['PUT', '/webhook', { callbackUrl: sim.callbackUrl, fields: ['gossip'] }],
      ['POST', '/time', { advanceMs: -1 }],
      ['POST', '/time', { advanceMs: 0.5 }],
      ['POST', '/time', { advanceMs: 367 * 86_400_000 }],
      ['POST', '/replay', { wire: [{}] }],
    ] as const) {
      expect(await sim.control(method, path, body)).toMatchObject({
        status: 400,
        body: { error: expect.any(String) as string },
      });
    }
    expect([sim.platform.conversations.size, sim.platform.wire.total, sim.customer.bubbles]).toEqual([1, 0, []]);
    expect(await sim.control('POST', '/customers/7/messages', { text: 'x' })).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('7') as string },
    });
    expect((await sim.control('POST', '/nothing')).status).toBe(404);
    const form = await fetch(`${sim.url}/sim/customers`, { method: 'POST', body: new URLSearchParams({ name: 'x' }) });
    expect(form.status).toBe(415);
  });

  it('says whether it has become quiet', async () => {
    const sim = await simulated();
    expect((await sim.control('GET', '/quiet')).body).toEqual({ quiet: true });
    expect(sim.platform.wire.listenerCount('change')).toBe(0);
    for (const timeoutMs of ['10', '-1', 'soon'])
      expect((await sim.control('GET', `/quiet?timeoutMs=${timeoutMs}`)).body).toEqual({ quiet: false });
  });

  it('is not quiet while a call or a webhook is under way', async () => {
    const sim = await simulated();
    const quiet = async () => (await sim.control('GET', '/quiet?timeoutMs=300')).body['quiet'];
    await sim.control('PUT', '/trouble', { latencyMs: 60_000 });
    void sim.ask('/me').catch(() => undefined);
    await sim.onWire(({ direction }) => direction === 'graph');
    expect(await quiet()).toBe(false);
    await sim.control('POST', '/wire/clear');
    await sim.control('PUT', '/trouble', { botDown: true });
    sim.platform.customerWrites(sim.psid, 'hello');
    await sim.onWire(({ id, status }) => id === 4 && status === 0);
    expect(await quiet()).toBe(false); // it waits for another try
    await sim.control('POST', '/trouble/none');
    await sim.control('POST', '/time', { advanceMs: 10_000 });
    await sim.events();
    const note = { at: 0, direction: 'note', title: '', method: '', path: '', request: undefined } as const;
    sim.platform.wire.add({ ...note, psid: undefined, owner: undefined });
    expect((await sim.control('GET', '/quiet')).body).toEqual({ quiet: true });
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

  it('streams news', async () => {
    const sim = await simulated();
    const stream = await fetch(`${sim.url}/sim/events`);
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    const reader = stream.body?.getReader();
    const readUntil = async (text: string) => {
      let read = '';
      while (!read.includes(text)) read += new TextDecoder().decode((await reader?.read())?.value as Uint8Array);
      return read;
    };
    expect(await readUntil('\n\n')).toMatch(/^data: \{"now"/);
    sim.platform.customerWrites(sim.psid, 'news!');
    await readUntil('news!');
    sim.platform.createCustomer('Jonas');
    await readUntil('Jonas');
    expect(sim.platform.wire.listenerCount('change')).toBe(1);
    await reader?.cancel();
    while (sim.platform.wire.listenerCount('change') > 0) await new Promise(setImmediate);
  });

  it('makes and ends trouble, subscribes a webhook, and moves time, of which the page hears', async () => {
    const sim = await simulated();
    let changes = 0;
    sim.platform.wire.on('change', () => (changes += 1));
    expect((await sim.control('PUT', '/trouble', { reorder: true })).body).toMatchObject({
      reorder: true,
      botDown: false,
    });
    expect([changes, sim.platform.trouble.reorder]).toEqual([1, true]);
    await sim.control('POST', '/trouble/none');
    expect([changes, sim.platform.trouble.reorder]).toEqual([2, false]);
    const before = sim.platform.clock.now();
    const { now } = (await sim.control('POST', '/time', { advanceMs: 86_400_000 })).body as { now: number };
    expect(now - before).toBeGreaterThanOrEqual(86_400_000);
    expect(changes).toBe(3);
    await sim.control('PUT', '/webhook', { callbackUrl: 'http://localhost:9/x', fields: ['messages'] });
    const fields = new Set(['messages']);
    expect(sim.platform.webhooks.subscription).toEqual({
      callbackUrl: 'http://localhost:9/x',
      isActive: true,
      appFields: fields,
      pageFields: fields,
    });
    await sim.control('PUT', '/webhook', { callbackUrl: sim.callbackUrl });
    expect(sim.platform.webhooks.subscription.pageFields).toEqual(new Set(FIELDS));
  });
});

describe('the server of the simulator', () => {
  it.each([
    ['localhost', 200],
    ['127.0.0.1:1338', 200],
    ['[::1]:1338', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['evil-localhost', 403],
    ['localhost:1338x', 403],
    ['localhost:', 403],
  ])('answers this machine only: under the name of %p with %d', async (host, expected) => {
    const sim = await simulated();
    const status = await new Promise((resolve) => {
      httpRequest(`${sim.url}/sim/state`, { headers: { Host: host } }, (res) => {
        resolve(res.resume().statusCode);
      }).end();
    });
    expect(status).toBe(expected);
  });

  it('serves its page with a strict policy, and its libraries', async () => {
    const sim = await simulated();
    const page = await sim.call('GET', '/');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'self' 'sha256-/);
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    const [, importMap = ''] = /<script type="importmap">(.*?)<\/script>/.exec(String(page.body['text'])) ?? [];
    expect(page.headers.get('content-security-policy')).toContain(
      `'sha256-${createHash('sha256').update(importMap).digest('base64')}'`,
    );
    const { imports } = JSON.parse(importMap) as { imports: Record<string, string> };
    expect(Object.keys(imports)).toEqual(['preact', 'preact/hooks', 'preact/jsx-runtime']);
    for (const path of Object.values(imports)) {
      const library = await sim.call('GET', path);
      expect(library.headers.get('content-type')).toContain('javascript');
      expect(String(library.body['text'])).toContain('export');
    }
    expect((await sim.call('GET', '/page/style.css')).status).toBe(200);
    for (const path of ['/page/', '/page/nothing.js', '/page/..%2fsimulator.ts'])
      expect((await sim.call('GET', path)).status).toBeGreaterThanOrEqual(400);
    expect(page.headers.has('x-powered-by')).toBe(false);
  });

  it('is gone when it is closed, and plans nothing more', async () => {
    const sim = await simulated();
    sim.platform.clock.after(0, () => {
      throw new Error('too late');
    });
    await sim.simulator.close();
    sim.platform.clock.advance(1);
    await expect(fetch(sim.url)).rejects.toThrow();
  });
});
