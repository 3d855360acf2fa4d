import { GraphConnectionError } from '../../src/messenger/graph-error';
import { createHumanHands } from '../../src/operations/human-hands';
import type { Meter } from '../../src/operations/meter';
import type { StoredEvent } from '../../src/queue/event-store';
import { createWatch, nobodyWatches } from '../../src/watch';
import { flattenEvents, type WebhookEvent } from '../../src/webhook/events';
import { bodySchema } from '../../src/webhook/payload';
import { FIXTURE_TIME, bodyOf, eventOf, fixtureText, ids } from '../support/fixtures';
import { bookOf, bookOfToken } from '../support/pages';
import { refusal } from '../support/refusal';

const eventsOf = (body: unknown): WebhookEvent[] =>
  [...flattenEvents(bodySchema.parse(body), FIXTURE_TIME)].flatMap((event) => event ?? []);
const fixture = (name: string) => eventsOf(JSON.parse(fixtureText(name)));

function watched(appId: string | undefined = ids.app, skewMs = 0, pages = bookOfToken('token')) {
  const counted: string[] = [];
  const count =
    (what: string) =>
    (...facts: readonly unknown[]) =>
      void counted.push([what, ...facts].join(' '));
  const meter: Meter = {
    webhookAnswered: count('webhook'),
    event: count('event'),
    known: count('known'),
    attemptFailed: count('failed'),
    answered: count('answered'),
    paced: count('paced'),
    graphCall: count('call'),
    graphError: count('error'),
    setAside: count('aside'),
    handover: count('handover'),
  };
  const hands = createHumanHands();
  const watch = createWatch({ meter, hands, appId, pages: () => pages, now: () => FIXTURE_TIME + 2_500 + skewMs });
  return {
    watch,
    hands,
    counted,
    arrive: (...events: readonly WebhookEvent[]) => {
      for (const event of events) watch.arrived(event, false);
    },
    handovers: () => counted.filter((line) => line.startsWith('handover')),
    figures: () => {
      const { held, unanswered } = hands.figures(FIXTURE_TIME);
      return { held, unanswered: unanswered.count };
    },
  };
}

const echo = (channel: 'messaging' | 'standby', afterMs: number, app?: string) =>
  eventsOf(
    bodyOf(
      {
        sender: { id: ids.page },
        recipient: { id: ids.person },
        timestamp: FIXTURE_TIME + afterMs,
        message: { is_echo: true, app_id: app, mid: 'm' },
      },
      channel,
    ),
  );

const personEvent = (name: string) => {
  const [event] = fixture(name);
  if (event?.psid === undefined) throw new Error('no person');
  return { ...event, psid: event.psid };
};
const call = (path: string, error?: unknown) => ({ path, payload: {}, ms: 1_500, error });

describe('who has a conversation', () => {
  it('shows in the calls that the bot has made, once each has succeeded', () => {
    const { watch, handovers, figures } = watched();
    const tap = personEvent('quick-reply-pass-to-inbox');
    watch.call(tap, call('/messages'));
    watch.call(tap, call('/pass_thread_control', refusal({ code: 2 })));
    expect(figures()).toEqual({ held: 0, unanswered: 0 });
    watch.call(tap, call('/pass_thread_control'));
    expect(figures()).toEqual({ held: 1, unanswered: 1 });
    const back = personEvent('standby-quick-reply-take-from-inbox');
    watch.call({ ...back, timestamp: back.timestamp + 1 }, call('/take_thread_control'));
    expect(figures()).toEqual({ held: 0, unanswered: 0 });
    expect(handovers()).toEqual(['handover to_human person', 'handover to_bot person']);
  });

  it('shows in control that is passed at the wish of another app', () => {
    const { watch, handovers } = watched();
    watch.call(personEvent('request-thread-control'), call('/pass_thread_control'));
    expect(handovers()).toEqual(['handover to_human app']);
  });

  it('shows in what the platform says: taken by an agent, answered, marked as done', () => {
    const { arrive, handovers, figures } = watched();
    arrive(...fixture('take-thread-control'));
    expect(figures()).toEqual({ held: 1, unanswered: 1 });
    arrive(...fixture('message-echo-from-agent'));
    expect(figures()).toEqual({ held: 1, unanswered: 0 });
    arrive(...fixture('pass-thread-control-done').map((one) => ({ ...one, timestamp: one.timestamp + 1 })));
    expect(figures()).toEqual({ held: 0, unanswered: 0 });
    expect(handovers()).toEqual(['handover to_human human', 'handover to_bot human']);
  });

  it('shows in an agent’s message where nothing else has told of it', () => {
    const { arrive, handovers, figures } = watched();
    arrive(...fixture('message-echo-from-agent'));
    expect(figures()).toEqual({ held: 1, unanswered: 0 });
    expect(handovers()).toEqual(['handover to_human human']);
  });

  it('does not show in the bot’s own message, whoever has the conversation when its echo comes', () => {
    const { arrive, figures } = watched();
    arrive(...echo('messaging', 1, ids.app), ...echo('standby', 2, ids.app), ...echo('messaging', 3));
    expect(figures()).toEqual({ held: 0, unanswered: 0 });
    arrive(...echo('standby', 3));
    expect(figures()).toEqual({ held: 1, unanswered: 0 });
    arrive(...echo('messaging', 4, ids.app)); // only who has the conversation can write
    expect(figures()).toEqual({ held: 0, unanswered: 0 });
    arrive(...echo('messaging', 5, ids.pageInbox));
    expect(figures()).toEqual({ held: 1, unanswered: 0 });
  });

  it('is not taken from the human by what comes again, or late, of before control was passed', () => {
    const { watch, arrive, figures } = watched();
    const tap = personEvent('quick-reply-pass-to-inbox');
    arrive(tap);
    arrive({ ...tap, kind: 'message', timestamp: tap.timestamp + 300 });
    watch.call(tap, call('/pass_thread_control'));
    expect(figures()).toEqual({ held: 1, unanswered: 1 });
    arrive(tap, { ...tap, kind: 'message', timestamp: tap.timestamp + 2_000 }, ...echo('messaging', 1_000, ids.app));
    expect(figures()).toEqual({ held: 1, unanswered: 1 });
  });

  it('is not given to a human by what comes late of before control was taken', () => {
    const { watch, arrive, figures } = watched();
    const tap = personEvent('standby-quick-reply-take-from-inbox');
    arrive(tap);
    watch.call(tap, call('/take_thread_control'));
    arrive({ ...tap, kind: 'message', timestamp: tap.timestamp + 2_000 });
    expect(figures()).toEqual({ held: 0, unanswered: 0 });
  });

  it.each([
    ['half an hour behind', -30 * 60_000],
    ['half an hour ahead', 30 * 60_000],
  ])('is followed on a machine whose clock is %s', (_what, skewMs) => {
    const { watch, arrive, figures } = watched(ids.app, skewMs);
    const tap = personEvent('quick-reply-pass-to-inbox');
    arrive(tap);
    watch.call(tap, call('/pass_thread_control'));
    arrive(...echo('messaging', 1_000, ids.app));
    expect(figures()).toEqual({ held: 1, unanswered: 1 });
    arrive(...echo('standby', 60_000, ids.pageInbox));
    expect(figures()).toEqual({ held: 1, unanswered: 0 });
    arrive(...fixture('pass-thread-control-done').map((one) => ({ ...one, timestamp: one.timestamp + 120_000 })));
    expect(figures()).toEqual({ held: 0, unanswered: 0 });
  });

  it('is forgotten in time, whatever time an event names', () => {
    const { arrive, hands } = watched();
    arrive({ ...personEvent('standby-message-text'), timestamp: Number.MAX_SAFE_INTEGER });
    expect(hands.figures(FIXTURE_TIME + 3 * 24 * 3_600_000).held).toBe(0);
  });

  it('shows in the channel on which the person writes', () => {
    const { arrive, handovers, figures } = watched();
    arrive(...fixture('standby-message-text'));
    expect(figures()).toEqual({ held: 1, unanswered: 1 });
    arrive(...eventsOf(bodyOf(eventOf({ message: { mid: 'm', text: 'x' } }, FIXTURE_TIME + 1))));
    expect(figures()).toEqual({ held: 0, unanswered: 0 });
    expect(handovers()).toEqual(['handover to_human unknown', 'handover to_bot unknown']);
  });

  it('does not show in what says nothing of it', () => {
    for (const name of ['standby-read', 'delivery', 'app-roles', 'reaction']) {
      const { arrive, figures } = watched();
      arrive(...fixture(name).map((event) => ({ ...event, channel: 'standby' as const })));
      expect(figures()).toEqual({ held: 0, unanswered: 0 });
    }
  });

  it('is told apart for two people, and for a Page and its Instagram account', () => {
    const { arrive, figures } = watched();
    const message = (person: string, object: string) =>
      eventsOf(bodyOf(eventOf({ message: { mid: 'm', text: 'x' } }, FIXTURE_TIME, person), 'standby', object));
    arrive(...message('24601', 'page'), ...message('24602', 'page'), ...message('24601', 'instagram'));
    expect(figures().held).toBe(3);
  });

  it('is known of the inboxes where the bot’s own app is not known', () => {
    const { arrive, figures } = watched(undefined);
    arrive(...fixture('take-thread-control'));
    expect(figures().held).toBe(1);
    arrive(...fixture('pass-thread-control-done').map((one) => ({ ...one, timestamp: one.timestamp + 1 })));
    expect(figures().held).toBe(0);
  });
});

describe('what is counted', () => {
  it('is each event, by what came of it', () => {
    const { watch, counted } = watched();
    const tap = personEvent('quick-reply-pass-to-inbox');
    const stored = { payload: tap, receivedAt: FIXTURE_TIME } as unknown as StoredEvent;
    watch.arrived(tap, true);
    watch.handled(tap, 'passed_to_inbox');
    watch.setAside(stored);
    watch.failed(stored);
    watch.done(stored, true);
    watch.done(stored, false);
    watch.known(3);
    watch.webhookAnswered(503, true);
    expect(counted).toEqual([
      'event messaging quick_reply passed_to_inbox',
      'event messaging quick_reply set_aside',
      'aside me',
      'failed quick_reply',
      'answered 2.5',
      'known 3',
      'webhook 503 true',
    ]);
  });

  it('is an event that nobody answers when it comes in; one of a kind that nobody knows without its name', () => {
    const { counted, arrive } = watched();
    arrive(...fixture('read'), ...eventsOf(bodyOf(eventOf({ made_up_today: {} }))));
    expect(counted).toEqual(['event messaging read ignored', 'event messaging other ignored']);
  });

  it('is each call, by its path and what came of it', () => {
    const { watch, counted } = watched();
    const tap = personEvent('quick-reply-pass-to-inbox');
    watch.call(tap, call('/messages'));
    watch.call(tap, call('/messages', refusal({ code: 10, subcode: 2018300 })));
    watch.call(tap, call('/messages', new GraphConnectionError('/messages', 'ETIMEDOUT', true)));
    watch.call(tap, call('/messages', new Error('odd')));
    expect(counted).toEqual([
      'call /messages ok 1.5',
      'call /messages 10/2018300 1.5',
      'error me 10/2018300',
      'call /messages ETIMEDOUT 1.5',
      'error me ETIMEDOUT',
      'call /messages error 1.5',
      'error me error',
    ]);
  });

  it('is at most a hundred codes by their names: whoever answers in Graph’s place could make up more', () => {
    const { watch, counted } = watched();
    const tap = personEvent('quick-reply-pass-to-inbox');
    for (let code = 1_000; code < 1_101; code += 1) watch.call(tap, call('/messages', refusal({ code })));
    watch.call(tap, call('/messages', refusal({ code: 1_000 })));
    expect(counted.filter((line) => line.startsWith('call')).slice(-3)).toEqual([
      'call /messages 1099/- 1.5',
      'call /messages other 1.5',
      'call /messages 1000/- 1.5',
    ]);
  });

  it('is what has failed and what was given up, by the name of its Page', () => {
    const pages = bookOf({ id: ids.page, name: 'Bakery', accessToken: 'a' }, { id: '2', accessToken: 'b' });
    const { watch, counted } = watched(undefined, 0, pages);
    const tap = personEvent('quick-reply-pass-to-inbox');
    for (const pageId of [ids.page, '2', '3']) {
      watch.call({ ...tap, pageId }, call('/messages', refusal({ code: 190 })));
      watch.setAside({ payload: { ...tap, pageId } } as StoredEvent);
    }
    const ofPages = counted.filter((line) => /^(?:error|aside)/.test(line));
    expect(ofPages).toEqual([
      'error Bakery 190/-',
      'aside Bakery',
      'error 2 190/-',
      'aside 2',
      'error not listed 190/-',
      'aside not listed',
    ]);
  });

  it('is a message that had to wait for its turn, and none that left at once', () => {
    const { watch, counted } = watched();
    watch.paced(0.4);
    watch.paced(250);
    expect(counted).toEqual(['paced 0.25']);
  });

  it('is a time of nothing where the clock was set back meanwhile', () => {
    const { watch, counted } = watched();
    watch.done({ receivedAt: FIXTURE_TIME + 99_000 } as StoredEvent, true);
    expect(counted).toEqual(['answered 0']);
  });

  it('is nothing where nobody watches', () => {
    const silent = Object.values(nobodyWatches) as (() => unknown)[];
    expect(silent.map((tell) => tell())).toEqual(silent.map(() => undefined));
  });
});
