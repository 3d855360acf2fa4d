import { expectGraphCalls, makeBot, secrets } from '../support/bot';
import { bodyOf, eventOf, fixtureText, FIXTURE_TIME, ids } from '../support/fixtures';
import { bookOf, writePages } from '../support/pages';
import { temporaryFolder } from '../support/temporary-folder';

/* One app, many Pages: whose token answers which event. */

const florist = { id: '200200300400500', accessToken: 'EAAtokenofflorist' };
const instagram = JSON.parse(fixtureText('instagram-message')) as { entry: [{ id: string }] };
const bakery = { id: ids.page, name: 'Bakery', accessToken: 'EAAtokenofbakery', instagramId: instagram.entry[0].id };

const messageTo = (pageId: string, person: string, mid = `m_${pageId}_${person}`) => ({
  object: 'page',
  entry: [{ id: pageId, messaging: [eventOf({ message: { mid, text: 'hi' } }, FIXTURE_TIME, person)] }],
});
const withList = (...pages: readonly object[]) => ({ PAGE_ACCESS_TOKEN: '', PAGES_FILE: writePages(pages) });
const tokensOf = (calls: ReturnType<typeof expectGraphCalls>) => calls.map(({ query }) => query['access_token']);
const [anna, ben] = ['24601000000000011', '24601000000000012'];

describe('several Pages', () => {
  it("have each event answered with its Page's token, on Instagram with that of the account's Page", async () => {
    const calls = expectGraphCalls(3);
    const bot = await makeBot(withList(bakery, florist));
    for (const body of [messageTo(bakery.id, anna), messageTo(florist.id, ben), instagram]) await bot.deliver(body);
    expect(tokensOf(calls)).toEqual(['EAAtokenofbakery', 'EAAtokenofflorist', 'EAAtokenofbakery']);
    expect(calls.map(({ path }) => path)).toEqual(['/me/messages', '/me/messages', '/me/messages']);
    expect(bot.queue.status().pages.map(({ page }) => page)).toEqual([bakery.id, florist.id]);
    expect(bot.logText()).not.toMatch(/EAA/);
    expect(bot.logLines().filter(({ msg }) => msg === 'event handled')).toMatchObject([
      { page: 'Bakery' },
      { page: florist.id },
      { page: 'Bakery' },
    ]);
  });

  it('never delay each other: the token of one is refused, and the other is answered', async () => {
    const calls = expectGraphCalls(3, ({ query }) =>
      query['access_token'] === bakery.accessToken
        ? [400, { error: { message: `Malformed access token ${bakery.accessToken}`, code: 190 } }]
        : [200, {}],
    );
    const bot = await makeBot(withList(bakery, florist));
    await bot.deliver(messageTo(bakery.id, anna));
    await bot.deliver(messageTo(bakery.id, ben));
    await bot.deliver(messageTo(florist.id, anna));
    await bot.deliver(messageTo(florist.id, ben));
    expect(tokensOf(calls)).toEqual(['EAAtokenofbakery', 'EAAtokenofflorist', 'EAAtokenofflorist']);
    const closed = bot.queue.status().pages.map(({ page, closed: gate }) => [page, gate?.kind]);
    expect(closed).toEqual([
      [bakery.id, 'hold'],
      [florist.id, undefined],
    ]);
    expect(bot.logText()).not.toMatch(/EAA/);
  });

  it('set the events of a Page that is not listed aside, with one warning, and answer them once it is', async () => {
    let pages = bookOf(bakery);
    let now = { pages, verifyToken: secrets.VERIFY_TOKEN, appSecrets: [] };
    const bot = await makeBot(withList(bakery), { secrets: () => now });
    for (let n = 0; n < 6; n += 1) await bot.deliver(messageTo(florist.id, `2460100000000002${n}`));
    const asides = () => bot.logLines().filter(({ msg }) => String(msg).startsWith('event set aside'));
    expect(asides().map(({ level }) => level)).toEqual(Array.from({ length: 6 }, () => 'debug'));
    const isAboutClock = (msg: unknown) => String(msg).includes('the clock of this machine');
    const loud = bot.logLines().filter(({ level, msg }) => /warn|error/.test(String(level)) && !isAboutClock(msg));
    expect(loud).toMatchObject([
      { page: florist.id, msg: expect.stringMatching(/^a Page is not in PAGES_FILE/) as string },
    ]);
    const kept: string[] = [];
    for await (const { id, state, reason } of bot.store.list()) {
      expect([state, reason]).toEqual([
        'set_aside',
        `No token for Page ${florist.id}: add it to PAGES_FILE, reload the bot, then npm run queue -- retry ID.`,
      ]);
      kept.push(id);
    }
    expect(kept).toHaveLength(6);
    expect(bot.queue.status().pages.filter(({ closed }) => closed)).toEqual([]);

    pages = bookOf(bakery, florist);
    now = { ...now, pages };
    const calls = expectGraphCalls(6);
    for (const id of kept) await bot.store.retry(id);
    await bot.queue.tryNow();
    await bot.idle();
    expect(tokensOf(calls)).toEqual(Array.from({ length: 6 }, () => 'EAAtokenofflorist'));
  });
});

describe('a Page that leaves while its calls are held', () => {
  it('has what waits of it set aside, all of it, and holds nothing any more', async () => {
    let now = { pages: bookOf(bakery, florist), verifyToken: secrets.VERIFY_TOKEN, appSecrets: [] };
    const bot = await makeBot(withList(bakery, florist), { secrets: () => now });
    expectGraphCalls(1, () => [400, { error: { message: 'expired', code: 190 } }]);
    for (const person of [anna, ben, '24601000000000013']) await bot.deliver(messageTo(florist.id, person));
    expect(bot.queue.status().pages).toMatchObject([{ page: florist.id, closed: { kind: 'hold' } }]);
    now = { ...now, pages: bookOf(bakery) };
    await bot.queue.tryNow();
    await bot.idle();
    await expect(bot.store.figures()).resolves.toMatchObject({ waiting: 0, setAside: 3 });
  });
});

describe('events that are older than the list, or than the one token', () => {
  const waiting = (page: string, pageId: string) => ({
    id: `waits-${pageId}`,
    page,
    conversation: `page/${pageId}/${anna}`,
    timestamp: FIXTURE_TIME,
    payload: { object: 'page', channel: 'messaging', kind: 'message', pageId, psid: anna, content: { message: {} } },
  });

  it.each([
    ['a list', 'me', florist.id, 'EAAtokenofflorist', withList(bakery, florist)],
    ['one token', florist.id, florist.id, secrets.PAGE_ACCESS_TOKEN, {}],
  ])('are answered where there is %s now', async (_what, page, pageId, token, env) => {
    const folder = temporaryFolder();
    const calls = expectGraphCalls(1);
    const bot = await makeBot(env, { folder });
    await bot.queue.add([waiting(page, pageId)]);
    await bot.idle();
    expect(tokensOf(calls)).toEqual([token]);
  });
});

it('the one token answers for every Page that is named', async () => {
  const calls = expectGraphCalls(2);
  const bot = await makeBot();
  await bot.deliver(bodyOf(eventOf({ message: { mid: 'm_1', text: 'hi' } })));
  await bot.deliver(messageTo(florist.id, ben));
  expect(tokensOf(calls)).toEqual([secrets.PAGE_ACCESS_TOKEN, secrets.PAGE_ACCESS_TOKEN]);
  expect(bot.queue.status().pages.map(({ page }) => page)).toEqual(['me']);
});
