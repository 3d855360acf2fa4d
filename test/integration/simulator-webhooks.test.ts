import { createHmac } from 'node:crypto';
import { PAGE_INBOX, defaultSettings } from '../../src/simulator/settings';
import { simulated } from '../support/simulated-bot';

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
