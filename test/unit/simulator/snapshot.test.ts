import { PAGE_INBOX, defaultSettings } from '../../../src/simulator/settings';
import { takeSnapshot } from '../../../src/simulator/snapshot';
import { platformUnderTest } from '../../support/platform-under-test';

describe('what the page is shown', () => {
  it('is every conversation as it stands, and what has gone over the wire', async () => {
    const { platform, psid, customer, answerWith, pass } = platformUnderTest();
    platform.customerWrites(psid, 'hello');
    await pass(7);
    const quickReplies = [{ title: 'Yes', payload: 'yes' }];
    platform.botWrites(customer, { text: 'Sure?', quickReplies });
    answerWith('nothing');
    const shown = takeSnapshot(platform);
    expect(shown).toMatchObject({
      now: 1_000_007,
      page: { id: defaultSettings.pageId, name: defaultSettings.pageName },
      appId: defaultSettings.appId,
      pending: 1,
      moreCustomers: 0,
      trouble: { botDown: false },
    });
    expect(shown.trouble).not.toBe(platform.trouble);
    expect(shown.subscribed).toContain('standby');
    expect(shown.customers).toMatchObject([
      { psid, name: 'Maya', owner: 'bot', folder: 'done', blocked: false, seenAt: 1_000_000, offered: quickReplies },
    ]);
    expect(shown.customers[0]?.bubbles).toMatchObject([
      { text: 'hello', quickReplies: [] },
      { text: 'Sure?', quickReplies },
    ]);
    await pass(0);
    const line = { direction: 'webhook', method: 'POST', path: '/webhook', channel: 'messaging', customer: 'Maya' };
    expect(takeSnapshot(platform).wire).toEqual([
      { ...line, id: 1, at: 1_000_000, title: 'hello', status: 200, ms: 0, owner: 'bot' },
      { ...line, id: 2, at: 1_000_007, title: 'echo', status: undefined, ms: undefined, owner: undefined },
    ]);
  });

  it.each([
    [undefined, 'nobody'],
    [PAGE_INBOX, 'inbox'],
    [defaultSettings.appId, 'bot'],
    ['555', 'other'],
  ])('names the app %s in control as %s', (owner, name) => {
    const { platform, customer } = platformUnderTest();
    if (owner !== undefined) platform.handOver(customer, owner);
    expect(takeSnapshot(platform).customers[0]).toMatchObject({ owner: name, offered: [] });
  });

  it('names no owner of what is about nobody', () => {
    const { platform } = platformUnderTest();
    const about = { at: 0, direction: 'graph', title: '', method: '', path: '', owner: undefined } as const;
    for (const psid of [undefined, '7']) {
      const entry = platform.wire.add({ ...about, psid, request: undefined });
      platform.wire.finish(entry, { status: 200, ms: 1, owner: undefined, response: undefined });
    }
    const [nobody, unknown] = takeSnapshot(platform).wire;
    expect([nobody?.customer, nobody?.owner]).toEqual([undefined, undefined]);
    expect([unknown?.customer, unknown?.owner]).toEqual([undefined, 'nobody']);
  });

  it('is limited to 50 conversations and the last 200 lines of the wire', () => {
    const { platform } = platformUnderTest();
    const about = { at: 0, direction: 'graph', title: '', method: '', path: '', psid: undefined } as const;
    for (let count = 0; count < 201; count += 1) platform.wire.add({ ...about, owner: undefined, request: undefined });
    for (let count = 0; count < 50; count += 1) platform.createCustomer(`Customer ${count}`);
    const shown = takeSnapshot(platform);
    expect([shown.customers.length, shown.moreCustomers, shown.customers[0]?.name]).toEqual([50, 1, 'Maya']);
    expect([shown.wire.length, shown.wire[0]?.id]).toEqual([200, 2]);
  });
});
