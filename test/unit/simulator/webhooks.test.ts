import { createHmac } from 'node:crypto';
import { FIELDS, PAGE_INBOX, defaultSettings } from '../../../src/simulator/settings';
import { platformUnderTest, type Post } from '../../support/platform-under-test';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

/** The texts of the messages in what was posted. */
const textsOf = (posts: readonly Post[]) =>
  posts.flatMap(({ events }) => events.map(([, event]) => (event['message'] as { text: string }).text));

describe('a webhook', () => {
  it('is signed over what is posted, with non-ASCII escaped: SHA-256, and SHA-1 for older SDKs', async () => {
    const { platform, psid, posts, pass } = platformUnderTest();
    platform.customerWrites(psid, 'x\u007f\u0080ä👋\uffff');
    await pass(0);
    const [post] = posts;
    expect(post?.url).toBe('http://bot.test/webhook?of=ours');
    expect(post?.text).toContain(String.raw`"text":"x${'\u007f'}\u0080\u00e4\ud83d\udc4b\uffff"`);
    const hmac = (algorithm: string) =>
      createHmac(algorithm, defaultSettings.appSecret)
        .update(post?.text ?? '')
        .digest('hex');
    expect(post?.headers).toEqual({
      'Content-Type': 'application/json',
      'X-Hub-Signature': `sha1=${hmac('sha1')}`,
      'X-Hub-Signature-256': `sha256=${hmac('sha256')}`,
    });
    expect(JSON.parse(post?.text ?? '')).toEqual({
      object: 'page',
      entry: [{ id: defaultSettings.pageId, time: 1_000_000, messaging: [expect.anything()] }],
    });
  });

  const [echo, both] = [['message_echoes'], ['message_echoes', 'standby']];
  it.each<[number, string, 'messages' | 'message_echoes', string[], string[]]>([
    [1, 'the app and the Page listen to it', 'messages', ['messages'], ['messages']],
    [0, 'only the app listens to it', 'messages', ['messages'], both],
    [0, 'only the Page listens to it', 'messages', both, ['messages']],
    [0, 'nobody listens', 'messages', [], []],
    [1, 'both listen to it and to standby', 'message_echoes', both, both],
    [0, 'on standby, to which the app does not listen', 'message_echoes', echo, both],
    [0, 'on standby, to which the Page does not listen', 'message_echoes', both, echo],
    [0, 'on standby, to which both listen, but not to its field', 'message_echoes', ['standby'], ['standby']],
  ])('is posted %d times where %s', async (count, _where, field, appFields, pageFields) => {
    const { platform, psid, subscription, customer, posts, pass } = platformUnderTest();
    platform.handOver(customer, field === 'messages' ? defaultSettings.appId : PAGE_INBOX);
    for (const set of [subscription.appFields, subscription.pageFields]) set.clear();
    for (const one of appFields) subscription.appFields.add(one);
    for (const one of pageFields) subscription.pageFields.add(one);
    if (field === 'messages') platform.customerWrites(psid, 'hello');
    else platform.agentWrites(psid, 'hello');
    await pass(0);
    expect(posts).toHaveLength(count);
  });

  it('is noted on the wire while it is under way, and with its answer', async () => {
    const { platform, psid, answerWith, posts, pass } = platformUnderTest();
    answerWith('nothing');
    platform.customerWrites(psid, 'hello');
    await pass(1_234);
    const [entry] = platform.wire.entries;
    expect(entry).toMatchObject({ id: 1, at: 1_000_000, path: '/webhook', psid, channel: 'messaging', title: 'hello' });
    expect(entry).toMatchObject({ owner: defaultSettings.appId, raw: { body: posts[0]?.text } });
    expect(entry?.request).toEqual(JSON.parse(posts[0]?.text ?? ''));
    expect([entry?.status, entry?.ms]).toEqual([undefined, undefined]);
    answerWith(200, 'x'.repeat(501));
    await pass(5_000);
    expect(entry).toMatchObject({ status: 0, ms: 5_000, response: expect.stringContaining('hung up') as string });
    expect(platform.wire.entries[1]).toMatchObject({ status: 200, ms: 0, response: 'x'.repeat(500) });
  });

  it('waits until the one before it in its conversation has been answered, others do not', async () => {
    const { platform, psid, answerWith, posts, pass } = platformUnderTest();
    const other = platform.createCustomer('Jonas').psid;
    answerWith('nothing');
    platform.customerWrites(psid, 'first');
    platform.customerWrites(psid, 'second');
    platform.customerWrites(other, 'third');
    await pass(0);
    expect(textsOf(posts)).toEqual(['first', 'third']);
    answerWith(200);
    await pass(5_000);
    expect(textsOf(posts)).toEqual(['first', 'third', 'first', 'second', 'third']);
  });

  it('waits for all before it, not just for the first', async () => {
    const { platform, psid, answerWith, posts, pass } = platformUnderTest();
    answerWith('nothing');
    jest.mocked(fetch).mockResolvedValueOnce(new Response()); // the first alone is answered
    platform.customerWrites(psid, 'first');
    platform.customerWrites(psid, 'second');
    await pass(0);
    platform.customerWrites(psid, 'third');
    await pass(0);
    expect(textsOf(posts)).toEqual(['second']);
  });

  it('can be posted again as it was', async () => {
    const { platform, psid, posts, pass } = platformUnderTest();
    platform.webhooks.sendAgain('{"entry":[]}', undefined, 'hello');
    platform.webhooks.sendAgain('{"entry":[]}', psid, 'hello');
    await pass(0);
    expect(posts.map(({ text }) => text)).toEqual(['{"entry":[]}', '{"entry":[]}']);
    expect(platform.wire.entries.map(({ title }) => title)).toEqual(['hello (again)', 'hello (again)']);
    expect(platform.wire.entries[1]?.psid).toBe(psid);
  });

  it('goes nowhere without a callback', async () => {
    const { platform, psid, subscription, posts, pass } = platformUnderTest();
    subscription.callbackUrl = undefined;
    platform.customerWrites(psid, 'hello');
    await pass(0);
    expect(platform.wire.entries[0]).toMatchObject({ status: 0, path: '-' });
    expect(posts).toEqual([]);
  });
});

describe('a webhook that is not answered with 200 within 5 seconds', () => {
  /** When a webhook must be posted that always fails: three times at once, then after 10 s, 30 s, 60 s, 5 min, 10 min, 15 min … */
  const SCHEDULE = [0, 0, 0, 10, 40, 100, 400, 1_000, 1_900, 2_800, 3_700].map((seconds) => seconds * SECOND);

  it.each([500, 404, 302, 201, 204])('is delivered again (%d), on schedule, for an hour', async (status) => {
    const { platform, psid, subscription, answerWith, posts, pass } = platformUnderTest();
    answerWith(status);
    platform.customerWrites(psid, 'hello');
    await pass(HOUR);
    expect(platform.webhooks.pending).toBe(1);
    expect(subscription.pageFields.size).toBe(FIELDS.length);
    await pass(3 * HOUR);
    expect(posts.map(({ at }) => at)).toEqual(SCHEDULE);
    expect(new Set(posts.map(({ text }) => text)).size).toBe(1);
    expect(platform.webhooks.pending).toBe(0);
    expect(subscription.pageFields.size).toBe(0);
    expect(platform.wire.entries.at(-1)).toMatchObject({ direction: 'note', at: 1_000_000 + 3_700 * SECOND });
    platform.customerWrites(psid, 'does anybody hear me?');
    await pass(0);
    expect(posts).toHaveLength(SCHEDULE.length);
  });

  it('unsubscribes nobody who has gone before', async () => {
    const { platform, psid, subscription, answerWith, pass } = platformUnderTest();
    answerWith(500);
    platform.customerWrites(psid, 'hello');
    subscription.pageFields.clear();
    await pass(2 * HOUR);
    expect(platform.webhooks.pending).toBe(0);
    expect(platform.wire.entries.filter(({ direction }) => direction === 'note')).toEqual([]);
  });

  it('has failed after 5 seconds, not before', async () => {
    const { platform, psid, answerWith, posts, pass } = platformUnderTest();
    answerWith('nothing');
    platform.customerWrites(psid, 'hello');
    await pass(4_999);
    expect(posts).toHaveLength(1);
    await pass(1);
    expect(posts.map(({ at }) => at)).toEqual([0, 5_000]);
  });

  it('fails the same way while the bot is down', async () => {
    const { platform, psid, posts, pass } = platformUnderTest();
    platform.trouble.botDown = true;
    platform.customerWrites(psid, 'hello');
    await pass(9_999);
    expect([posts.length, platform.wire.entries.length, platform.wire.entries[0]?.status]).toEqual([0, 3, 0]);
    platform.trouble.botDown = false;
    await pass(1);
    expect(posts).toHaveLength(1);
  });

  it('arrives once the bot is back, behind what has happened since', async () => {
    const { platform, psid, answerWith, posts, pass } = platformUnderTest();
    answerWith(500);
    platform.customerWrites(psid, 'early');
    await pass(9_000);
    answerWith(200);
    platform.customerWrites(psid, 'late');
    await pass(HOUR);
    expect(textsOf(posts)).toEqual(['early', 'early', 'early', 'late', 'early']);
    expect(platform.webhooks.pending).toBe(0);
  });

  it('is not held against a bot that has answered since', async () => {
    const { platform, psid, subscription, answerWith, pass } = platformUnderTest();
    for (const text of ['one', 'two', 'three']) {
      answerWith(500);
      platform.customerWrites(psid, text);
      await pass(50 * MINUTE); // tries again at 46:40 and 61:40
      answerWith(200);
      await pass(HOUR);
    }
    expect(subscription.pageFields.size).toBe(FIELDS.length);
    expect(platform.wire.entries.filter(({ direction }) => direction === 'note')).toEqual([]);
  });

  it('ends for all conversations when the Page is unsubscribed, once, and begins anew when it is subscribed again', async () => {
    const { platform, psid, subscription, answerWith, posts, pass } = platformUnderTest();
    const other = platform.createCustomer('Jonas').psid;
    answerWith(500);
    platform.customerWrites(psid, 'first');
    await pass(30 * MINUTE);
    platform.customerWrites(other, 'second');
    await pass(HOUR);
    expect(platform.webhooks.pending).toBe(0);
    expect(platform.wire.entries.filter(({ direction }) => direction === 'note')).toHaveLength(1);
    posts.length = 0;
    subscription.pageFields.add('messages');
    platform.customerWrites(other, 'third');
    await pass(HOUR);
    expect(textsOf(posts)).toEqual(Array.from({ length: SCHEDULE.length - 1 }, () => 'third'));
    expect(subscription.pageFields.size).toBe(1);
  });
});

describe('webhooks in trouble or in batches', () => {
  it('all come twice', async () => {
    const { platform, psid, posts, pass } = platformUnderTest();
    platform.trouble.redeliver = true;
    platform.customerWrites(psid, 'one');
    platform.customerWrites(psid, 'two');
    await pass(0);
    expect(textsOf(posts)).toEqual(['one', 'one', 'two', 'two']);
    expect(platform.webhooks.pending).toBe(0);
  });

  it('overtake each other', async () => {
    const { platform, psid, posts, pass } = platformUnderTest();
    platform.trouble.reorder = true;
    platform.customerWrites(psid, 'one');
    platform.customerWrites(psid, 'two');
    await pass(SECOND);
    expect(textsOf(posts)).toEqual(['two', 'one']);
  });

  it('go out together when they happen within the time that is set', async () => {
    const { platform, psid, posts, pass } = platformUnderTest({ batchMs: 100 });
    const other = platform.createCustomer('Jonas').psid;
    platform.customerWrites(psid, 'one');
    await pass(60);
    platform.customerWrites(other, 'two');
    expect(platform.webhooks.pending).toBe(2);
    await pass(39);
    expect(posts).toEqual([]);
    await pass(1);
    expect(posts).toHaveLength(1);
    expect(textsOf(posts)).toEqual(['one', 'two']);
    expect(platform.wire.entries[0]).toMatchObject({
      channel: undefined,
      title: expect.stringContaining('2') as string,
    });
    platform.customerWrites(psid, 'three');
    await pass(100);
    expect([textsOf(posts.slice(1)), posts[1]?.at]).toEqual([['three'], 200]);
    expect(platform.wire.entries[1]).toMatchObject({ channel: 'messaging', title: 'three', psid });
    expect(platform.webhooks.pending).toBe(0);
  });
});
