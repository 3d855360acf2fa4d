import { SimulatedGraphError } from '../../../src/simulator/graph-error';
import { SimulatorError } from '../../../src/simulator/platform';
import { PAGE_INBOX, defaultSettings } from '../../../src/simulator/settings';
import { platformUnderTest, type PlatformUnderTest } from '../../support/platform-under-test';

const DAY = 86_400_000;
const { appId, pageId } = defaultSettings;
const OTHER_APP = '555';

const say = ({ platform, customer }: PlatformUnderTest, text: string, ...titles: string[]) =>
  platform.botWrites(customer, { text, quickReplies: titles.map((title) => ({ title, payload: title })) });

/** Code and subcode of the refusal. */
function refusalOf(act: () => unknown): unknown[] {
  try {
    act();
  } catch (error) {
    if (error instanceof SimulatedGraphError) return [error.code, error.subcode];
    if (error instanceof SimulatorError) return [error.status];
    throw error;
  }
  return [];
}

const NOT_OWNER = [10, 2018300];
const OUTSIDE_WINDOW = [10, 2018278];

describe('control of a conversation', () => {
  it('goes to the default application with the first message, and ends 24 hours after the last one', () => {
    const { platform, customer, psid, clock } = platformUnderTest();
    expect(platform.ownerOf(customer)).toBeUndefined();
    platform.customerWrites(psid, 'hello');
    clock.advance(DAY - 1);
    expect(platform.ownerOf(customer)).toBe(appId);
    platform.customerWrites(psid, 'hello?');
    clock.advance(DAY - 1);
    expect(platform.ownerOf(customer)).toBe(appId);
    clock.advance(1);
    expect(platform.ownerOf(customer)).toBeUndefined();
  });

  it('stays with the inbox when the person writes', () => {
    const { platform, customer, psid, clock } = platformUnderTest();
    platform.agentWrites(psid, 'I am here');
    clock.advance(DAY - 1);
    platform.customerWrites(psid, 'thank you');
    clock.advance(DAY - 1);
    expect([platform.ownerOf(customer), platform.folderOf(customer)]).toEqual([PAGE_INBOX, 'main']);
    clock.advance(1);
    expect([platform.ownerOf(customer), platform.folderOf(customer)]).toEqual([undefined, 'done']);
  });

  it('is not shortened by a message once it has been extended', () => {
    const { platform, customer, psid, clock } = platformUnderTest();
    platform.customerWrites(psid, 'hello');
    platform.extend(customer, 3 * 86_400);
    platform.customerWrites(psid, 'are you there?');
    clock.advance(3 * DAY - 1);
    expect(platform.ownerOf(customer)).toBe(appId);
    clock.advance(1);
    expect(platform.ownerOf(customer)).toBeUndefined();
  });

  it('is given up with its extension', () => {
    const { platform, customer, psid, clock } = platformUnderTest();
    platform.extend(customer, 3 * 86_400);
    platform.release(customer);
    expect(platform.ownerOf(customer)).toBeUndefined();
    platform.customerWrites(psid, 'hello');
    clock.advance(DAY);
    expect(platform.ownerOf(customer)).toBeUndefined();
  });

  it('can be given up or extended by its owner only', () => {
    const { platform, customer } = platformUnderTest();
    platform.handOver(customer, OTHER_APP);
    expect(
      refusalOf(() => {
        platform.release(customer);
      }),
    ).toEqual(NOT_OWNER);
    expect(
      refusalOf(() => {
        platform.extend(customer, 60);
      }),
    ).toEqual(NOT_OWNER);
    expect(platform.ownerOf(customer)).toBe(OTHER_APP);
  });

  it('is taken by the default application, where there is one', () => {
    const { platform, customer, psid } = platformUnderTest();
    platform.agentWrites(psid, 'I am here');
    platform.trouble.noDefaultApplication = true;
    expect(
      refusalOf(() => {
        platform.take(customer);
      }),
    ).toEqual(NOT_OWNER);
    platform.trouble.noDefaultApplication = false;
    platform.take(customer);
    expect(platform.ownerOf(customer)).toBe(appId);
  });

  it('goes to the inbox with the first message of the agent, and back with "Done"', async () => {
    const { platform, customer, psid, events } = platformUnderTest();
    platform.agentWrites(psid, 'I am here');
    platform.agentWrites(psid, 'what is it?');
    platform.agentIsDone(psid);
    expect(platform.ownerOf(customer)).toBe(appId);
    expect(
      refusalOf(() => {
        platform.agentIsDone(psid);
      }),
    ).toEqual([409]);
    const about = { sender: { id: psid }, recipient: { id: pageId }, timestamp: 1_000_000 };
    const echo = { sender: { id: pageId }, recipient: { id: psid }, timestamp: 1_000_000 };
    const message = { is_echo: true, app_id: Number(PAGE_INBOX), mid: expect.stringMatching(/^m_/) as string };
    expect(await events()).toEqual([
      [
        'messaging',
        {
          ...about,
          take_thread_control: { previous_owner_app_id: null, new_owner_app_id: PAGE_INBOX, metadata: 'agent replied' },
        },
      ],
      ['standby', { ...echo, message: { ...message, text: 'I am here' } }],
      ['standby', { ...echo, message: { ...message, text: 'what is it?' } }],
      [
        'messaging',
        {
          ...about,
          pass_thread_control: {
            previous_owner_app_id: PAGE_INBOX,
            new_owner_app_id: appId,
            metadata: 'Conversation marked as done',
          },
        },
      ],
    ]);
  });

  it('is passed with its metadata, and asked for', async () => {
    const { platform, customer, psid, events } = platformUnderTest();
    platform.pass(customer, OTHER_APP, 'note');
    platform.pass(customer, PAGE_INBOX);
    platform.appRequests(psid, OTHER_APP, 'please');
    platform.appRequests(psid, OTHER_APP, undefined);
    expect(await events()).toMatchObject([
      [
        'messaging',
        { pass_thread_control: { previous_owner_app_id: null, new_owner_app_id: OTHER_APP, metadata: 'note' } },
      ],
      ['messaging', { pass_thread_control: { previous_owner_app_id: OTHER_APP, metadata: null } }],
      ['messaging', { request_thread_control: { requested_owner_app_id: OTHER_APP, metadata: 'please' } }],
      ['messaging', { request_thread_control: { requested_owner_app_id: OTHER_APP, metadata: '' } }],
    ]);
  });
});

describe('a message of the bot', () => {
  it('is taken until 24 hours after the last message of the person', () => {
    const sim = platformUnderTest();
    const { platform, psid, clock } = sim;
    expect(refusalOf(() => say(sim, 'hi'))).toEqual(OUTSIDE_WINDOW);
    platform.customerWrites(psid, 'hello');
    clock.advance(DAY);
    say(sim, 'just in time');
    clock.advance(1);
    expect(refusalOf(() => say(sim, 'too late'))).toEqual(OUTSIDE_WINDOW);
    expect(sim.customer.bubbles.map(({ text }) => text)).toEqual(['hello', 'just in time']);
  });

  it('is refused while another app is in control, and while the person blocks the Page', () => {
    const sim = platformUnderTest();
    const { platform, psid, customer } = sim;
    platform.customerWrites(psid, 'hello');
    platform.block(psid, true);
    expect(refusalOf(() => say(sim, 'hi'))).toEqual([551, 1545041]);
    platform.block(psid, false);
    platform.handOver(customer, OTHER_APP);
    expect(refusalOf(() => say(sim, 'hi'))).toEqual(NOT_OWNER);
    platform.take(customer);
    expect(refusalOf(() => say(sim, 'hi'))).toEqual([]);
  });

  it('comes back as an echo, with titles cut to 20 characters in the conversation', async () => {
    const sim = platformUnderTest();
    sim.platform.customerWrites(sim.psid, 'hello');
    const mid = say(sim, 'hi', '👋'.repeat(21));
    expect((await sim.events())[1]).toEqual([
      'messaging',
      {
        sender: { id: pageId },
        recipient: { id: sim.psid },
        timestamp: 1_000_000,
        message: { is_echo: true, app_id: Number(appId), mid, text: 'hi' },
      },
    ]);
    expect(sim.customer.bubbles.at(-1)).toMatchObject({
      mid,
      from: 'bot',
      quickReplies: [{ title: '👋'.repeat(20), payload: '👋'.repeat(21) }],
    });
  });
});

describe('a person', () => {
  it('taps a button of the last message, which sends its title and its payload', async () => {
    const sim = platformUnderTest();
    const { platform, psid } = sim;
    platform.customerWrites(psid, 'hello');
    say(sim, 'Sure?', 'No', 'Yes');
    expect(
      refusalOf(() => {
        platform.customerTaps(psid, 'Perhaps');
      }),
    ).toEqual([409]);
    platform.customerTaps(psid, 'Yes');
    expect(
      refusalOf(() => {
        platform.customerTaps(psid, 'Yes');
      }),
    ).toEqual([409]);
    const events = await sim.events();
    expect(events[0]?.[1]['message']).not.toHaveProperty('quick_reply');
    expect(events.at(-1)?.[1]).toMatchObject({ message: { text: 'Yes', quick_reply: { payload: 'Yes' } } });
    expect(events).toHaveLength(3);
  });

  it('gets started with the payload that the profile names; on standby it is stripped', async () => {
    const { platform, psid, events } = platformUnderTest();
    platform.customerGetsStarted(psid);
    platform.profile = { get_started: { payload: 'GO' } };
    platform.customerGetsStarted(psid);
    platform.agentWrites(psid, 'I am here');
    platform.customerGetsStarted(psid);
    const postbacks = (await events()).filter(([, event]) => 'postback' in event);
    const mid = expect.stringMatching(/^m_/) as string;
    expect(postbacks).toMatchObject([
      ['messaging', { postback: { mid, title: 'Get Started', payload: 'GET_STARTED' } }],
      ['messaging', { postback: { mid, title: 'Get Started', payload: 'GO' } }],
      ['standby', { sender: { id: psid } }],
    ]);
    expect(postbacks[2]?.[1]['postback']).toEqual({ title: 'Get Started' });
  });

  it('sees the newest message once, and has seen what it wrote itself', async () => {
    const sim = platformUnderTest();
    const { platform, psid } = sim;
    platform.customerLooks(psid);
    platform.customerWrites(psid, 'hello');
    platform.customerLooks(psid);
    say(sim, 'hi');
    platform.customerLooks(psid);
    platform.customerLooks(psid);
    sim.clock.advance(10);
    say(sim, 'still there?');
    platform.customerLooks(psid);
    const reads = (await sim.events()).flatMap(([, event]) => (event['read'] === undefined ? [] : [event['read']]));
    expect(reads).toEqual([{ watermark: 1_000_001 }, { watermark: 1_000_010 }]);
    expect(sim.customer.seenAt).toBe(1_000_010);
    say(sim, 'good bye');
    sim.clock.advance(DAY); // idle now
    platform.customerLooks(psid);
    expect((await sim.events()).at(-1)).toMatchObject(['messaging', { read: { watermark: 1_000_011 } }]);
  });

  it('hears on messaging where there is no default application', async () => {
    const { platform, psid, events } = platformUnderTest();
    platform.agentWrites(psid, 'I am here');
    platform.trouble.noDefaultApplication = true;
    platform.customerWrites(psid, 'hello');
    expect((await events()).map(([channel]) => channel)).toEqual(['messaging', 'standby', 'messaging']);
  });

  it('is known by a number of its own, whom nobody else has', () => {
    const { platform, customer } = platformUnderTest();
    const other = platform.createCustomer('Jonas');
    expect([platform.conversation(other.psid), platform.recipient(customer.psid)]).toEqual([other, customer]);
    expect(other.psid).toMatch(/^\d{17}$/);
    expect(refusalOf(() => platform.conversation('7'))).toEqual([404]);
    expect(refusalOf(() => platform.recipient('7'))).toEqual([100, 2018001]);
  });

  it('has a conversation of which the last 200 messages are kept', () => {
    const { platform, psid, customer } = platformUnderTest();
    for (let count = 1; count <= 201; count += 1) platform.customerWrites(psid, String(count));
    expect(customer.bubbles).toHaveLength(200);
    expect([customer.bubbles[0]?.text, customer.bubbles.at(-1)?.text]).toEqual(['2', '201']);
  });
});

describe('the platform', () => {
  it('gives the same ids for the same seed', () => {
    const [first, second, third] = [7, 7, 8].map((seed) => platformUnderTest({ seed }).platform.id('m_'));
    expect(first).toMatch(/^m_[0-9a-z]{16}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('says that something has changed, whatever was done', () => {
    const { platform, customer, psid } = platformUnderTest();
    platform.customerWrites(psid, 'hello');
    platform.agentWrites(psid, 'hello');
    platform.webhooks.subscription.appFields.clear(); // no webhook says it instead
    const acts: Readonly<Record<string, () => void>> = {
      'a new person': () => {
        platform.createCustomer('Jonas');
      },
      block: () => {
        platform.block(psid, true);
      },
      'a look': () => {
        platform.customerLooks(psid);
      },
      'control handed over': () => {
        platform.handOver(customer, appId);
      },
      'control given up': () => {
        platform.release(customer);
      },
      'a message': () => {
        platform.customerWrites(psid, 'hello?');
      },
    };
    const silent = Object.entries(acts).filter(([, act]) => {
      let changes = 0;
      const count = () => (changes += 1);
      platform.wire.on('change', count);
      act();
      platform.wire.off('change', count);
      return changes === 0;
    });
    expect(silent).toEqual([]);
  });
});
