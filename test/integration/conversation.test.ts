import { expectGraphCalls, graphCall, makeBot, messageCall } from '../support/bot';
import { FIXTURE_TIME, bodyOf, eventOf, fixtureText, ids, tutorial } from '../support/fixtures';

const { person } = ids;
const handover = (path: string, fields: object = {}, psid: string = person) =>
  graphCall(path, { recipient: { id: psid }, ...fields });

describe('the conversation of the tutorial', () => {
  it.each(['message-text', 'message-attachment', 'message-unicode', 'postback-get-started'])(
    'welcomes the person after %s',
    async (fixture) => {
      const calls = expectGraphCalls(1);
      const response = await (await makeBot()).deliver(fixtureText(fixture));
      expect([response.status, response.text]).toEqual([200, 'OK']);
      expect(calls).toEqual([messageCall(tutorial.welcome(person))]);
    },
  );

  it('passes to the Page Inbox: first the message, then control', async () => {
    const calls = expectGraphCalls(2);
    await (await makeBot()).deliver(fixtureText('quick-reply-pass-to-inbox'));
    expect(calls).toEqual([
      messageCall(tutorial.passing(person)),
      handover('/me/pass_thread_control', { target_app_id: ids.pageInbox }),
    ]);
  });

  it('does not pass control when the message before it failed', async () => {
    const calls = expectGraphCalls(1, () => [400, { error: { message: 'no', code: 100 } }]);
    const bot = await makeBot();
    await bot.deliver(fixtureText('quick-reply-pass-to-inbox'));
    expect(calls).toEqual([messageCall(tutorial.passing(person))]);
    expect(bot.logLines()).toContainEqual(expect.objectContaining({ level: 'warn', msg: 'event will be tried again' }));
  });

  it('welcomes back after the agent marked the conversation "Done"', async () => {
    const calls = expectGraphCalls(1);
    await (await makeBot()).deliver(fixtureText('pass-thread-control-done'));
    expect(calls).toEqual([messageCall(tutorial.passedBack(person))]);
  });

  it('takes from the inbox: first control, then the message', async () => {
    const calls = expectGraphCalls(2);
    await (await makeBot()).deliver(fixtureText('standby-quick-reply-take-from-inbox'));
    expect(calls).toEqual([handover('/me/take_thread_control'), messageCall(tutorial.taking(person))]);
  });

  it('does not write when control could not be taken', async () => {
    const calls = expectGraphCalls(1, () => [400, { error: { message: 'no', code: 10, error_subcode: 2018300 } }]);
    await (await makeBot()).deliver(fixtureText('standby-quick-reply-take-from-inbox'));
    expect(calls).toEqual([handover('/me/take_thread_control')]);
  });

  it('passes control to an app that requests it', async () => {
    const calls = expectGraphCalls(1);
    await (await makeBot()).deliver(fixtureText('request-thread-control'));
    expect(calls).toEqual([handover('/me/pass_thread_control', { target_app_id: ids.otherApp })]);
  });

  it('welcomes a person who taps an old "Take From Inbox" while the bot is in control', async () => {
    const calls = expectGraphCalls(1);
    await (
      await makeBot()
    ).deliver(bodyOf(eventOf({ message: { mid: 'm_1', text: 'x', quick_reply: { payload: 'take_from_inbox' } } })));
    expect(calls).toEqual([messageCall(tutorial.welcome(person))]);
  });
});

describe('Instagram', () => {
  it('welcomes the person', async () => {
    const calls = expectGraphCalls(1);
    await (await makeBot()).deliver(fixtureText('instagram-message'));
    expect(calls).toEqual([messageCall(tutorial.welcome('1790000000000001'))]);
  });

  it('passes to the Instagram Inbox', async () => {
    const calls = expectGraphCalls(2);
    await (await makeBot()).deliver(fixtureText('instagram-quick-reply-pass-to-inbox'));
    expect(calls).toEqual([
      messageCall(tutorial.passing('1790000000000001')),
      handover('/me/pass_thread_control', { target_app_id: ids.instagramInbox }, '1790000000000001'),
    ]);
  });

  it('ignores a message that the person took back', async () => {
    const bot = await makeBot();
    const unsent = eventOf({ message: { mid: 'm_1', is_deleted: true } });
    expect((await bot.deliver(bodyOf(unsent, 'messaging', 'instagram'))).status).toBe(200);
    expect(bot.logText()).toContain('event ignored');
  });
});

describe('what the bot leaves alone', () => {
  it.each([
    ['message-echo', 'echo'],
    ['message-echo-from-agent', 'echo'],
    ['delivery', 'delivery'],
    ['read', 'read'],
    ['reaction', 'reaction'],
    ['message-edit', 'message_edit'],
    ['take-thread-control', 'take_thread_control'],
    ['app-roles', 'app_roles'],
    ['pass-thread-control-to-inbox', 'pass_thread_control'],
    ['referral', 'referral'],
    ['policy-enforcement', 'policy_enforcement'],
    ['optin-user-ref', 'optin'],
    ['standby-message-text', 'message'],
    ['standby-postback-stripped', 'postback'],
    ['standby-read', 'read'],
    ['docs-curl-test', 'message'],
  ])('answers %s with 200, calls nothing and notes what it was', async (fixture, kind) => {
    const bot = await makeBot();
    const response = await bot.deliver(fixtureText(fixture));
    expect([response.status, response.text]).toEqual([200, 'OK']);
    expect(bot.logLines()).toContainEqual(expect.objectContaining({ level: 'debug', msg: 'event ignored', kind }));
  });

  it.each<[string, object, 'messaging' | 'standby']>([
    ['pass_to_inbox on standby', { message: { quick_reply: { payload: 'pass_to_inbox' } } }, 'standby'],
    [
      'an echo with the payload of a button',
      { message: { is_echo: true, quick_reply: { payload: 'pass_to_inbox' } } },
      'messaging',
    ],
    ['a request for control on standby', { request_thread_control: { requested_owner_app_id: '5' } }, 'standby'],
    ['control passed to this app on standby', { pass_thread_control: { new_owner_app_id: ids.app } }, 'standby'],
    [
      'control passed to the Instagram Inbox',
      { pass_thread_control: { new_owner_app_id: ids.instagramInbox } },
      'messaging',
    ],
    ['control passed to nobody', { pass_thread_control: { new_owner_app_id: null } }, 'messaging'],
    ['a request for control by nobody', { request_thread_control: {} }, 'messaging'],
    ['a kind nobody has heard of', { brand_new_thing: { a: 1 } }, 'messaging'],
    ['a message that is a string', { message: 'hello' }, 'messaging'],
    ['nothing but a sender', {}, 'messaging'],
  ])('ignores %s', async (_what, content, channel) => {
    const bot = await makeBot();
    expect((await bot.deliver(bodyOf(eventOf(content), channel))).status).toBe(200);
    expect(bot.logText()).toContain('event ignored');
  });

  it('does not answer what the Page itself wrote, even without is_echo', async () => {
    const bot = await makeBot();
    const own = { sender: { id: ids.page }, recipient: { id: ids.person }, message: { mid: 'm', text: 'hi' } };
    expect((await bot.deliver(bodyOf(own))).status).toBe(200);
    expect(bot.logText()).toContain('event ignored');
  });

  it('does not repeat an odd name of a kind in the log', async () => {
    const bot = await makeBot();
    await bot.deliver(bodyOf(eventOf({ 'My Secret Diary': 1 })));
    expect(bot.logLines()).toContainEqual(expect.objectContaining({ kind: 'unknown' }));
    expect(bot.logText()).not.toContain('Diary');
  });
});

describe('APP_ID', () => {
  const passedTo = (owner: unknown) => bodyOf(eventOf({ pass_thread_control: { new_owner_app_id: owner } }));

  it.each([ids.app, Number(ids.app)])('welcomes back when control comes to this app (%p)', async (owner) => {
    const calls = expectGraphCalls(1);
    await (await makeBot({ APP_ID: ids.app })).deliver(passedTo(owner));
    expect(calls).toEqual([messageCall(tutorial.passedBack(person))]);
  });

  it.each([ids.otherApp, Number(ids.otherApp), ids.pageInbox, null, {}])(
    'keeps silent when control goes to %p',
    async (owner) => {
      const bot = await makeBot({ APP_ID: ids.app });
      await bot.deliver(passedTo(owner));
      expect(bot.logText()).toContain('event ignored');
    },
  );
});

describe('conversations', () => {
  it.each<[string, { person?: string; page?: string; object?: string }]>([
    ['another person', { person: '24601000000000009' }],
    ['the same number on another Page', { page: '108000000000000009' }],
    ['the same number on Instagram', { object: 'instagram' }],
  ])('go on beside one that waits: %s', async (_who, { person: other = person, page = ids.page, object = 'page' }) => {
    const answers: [number, object][] = [[500, { error: { message: 'no', code: 2 } }]];
    const calls = expectGraphCalls(2, () => answers.shift() ?? [200, {}]);
    const bot = await makeBot();
    const hello = (psid: string) => eventOf({ message: { mid: `m_${psid}`, text: 'hi' } }, FIXTURE_TIME, psid);
    await bot.deliver({ object: 'page', entry: [{ id: ids.page, messaging: [hello(person)] }] });
    await bot.deliver({ object, entry: [{ id: page, messaging: [hello(other)] }] });
    expect(calls).toEqual([messageCall(tutorial.welcome(person)), messageCall(tutorial.welcome(other))]);
  });
});

describe('batches', () => {
  it('handles all entries and both channels', async () => {
    const calls = expectGraphCalls(4);
    await (await makeBot()).deliver(fixtureText('batch-two-entries-both-channels'));
    const ofPerson = (n: number) =>
      calls.filter(({ body }) => (body as { recipient: { id: string } }).recipient.id.endsWith(String(n)));
    expect(ofPerson(1)).toEqual([messageCall(tutorial.welcome('24601000000000001'))]);
    expect(ofPerson(2)).toEqual([messageCall(tutorial.welcome('24601000000000002'))]);
    expect(ofPerson(3)).toEqual([
      handover('/me/take_thread_control', {}, '24601000000000003'),
      messageCall(tutorial.taking('24601000000000003')),
    ]);
  });

  it('handles one entry that carries both channels', async () => {
    const calls = expectGraphCalls(3);
    const take = eventOf({ message: { quick_reply: { payload: 'take_from_inbox' } } }, FIXTURE_TIME + 2);
    const hello = eventOf({ message: { text: 'hi' } }, FIXTURE_TIME + 1);
    await (await makeBot()).deliver({ object: 'page', entry: [{ id: ids.page, standby: [take], messaging: [hello] }] });
    expect(calls.map(({ path }) => path)).toEqual(['/me/messages', '/me/take_thread_control', '/me/messages']);
  });

  it('loses nothing to malformed neighbours', async () => {
    const calls = expectGraphCalls(1);
    const good = eventOf({ message: { mid: 'm_1', text: 'hi', quick_reply: 7 } });
    const response = await (
      await makeBot()
    ).deliver({
      object: 'page',
      entry: [
        null,
        7,
        'x',
        { messaging: 'none' },
        { id: {}, messaging: [null, 1, [], { sender: 'x' }, good, { sender: {} }] },
      ],
    });
    expect(response.status).toBe(200);
    expect(calls).toEqual([messageCall(tutorial.welcome(person))]);
  });

  it("handles a conversation's events in the order of their timestamps", async () => {
    const calls = expectGraphCalls(4);
    const tap = (payload: string, time: number) => eventOf({ message: { quick_reply: { payload } } }, time);
    await (
      await makeBot()
    ).deliver({
      object: 'page',
      entry: [
        { id: ids.page, messaging: [tap('pass_to_inbox', FIXTURE_TIME + 2)] },
        { id: ids.page, messaging: [eventOf({ message: { text: 'first' } }, FIXTURE_TIME + 1)] },
        {
          id: ids.page,
          messaging: [eventOf({ pass_thread_control: { new_owner_app_id: ids.app } }, FIXTURE_TIME + 3)],
        },
      ],
    });
    expect(calls).toEqual([
      messageCall(tutorial.welcome(person)),
      messageCall(tutorial.passing(person)),
      handover('/me/pass_thread_control', { target_app_id: ids.pageInbox }),
      messageCall(tutorial.passedBack(person)),
    ]);
  });
});
