import { readFileSync } from 'node:fs';
import path from 'node:path';

/** When the events of test/fixtures happened. */
export const FIXTURE_TIME = 1_795_384_800_000;

/** The ids of test/fixtures. */
export const ids = {
  page: '100200300400500',
  person: '24601000000000001',
  app: '424242424242424',
  otherApp: '555000111222333',
  pageInbox: '263902037430900',
  instagramInbox: '1217981644879628',
} as const;

/** The tutorial's texts, written out a second time: a slip in src/ must not change the tests with it. */
export const tutorial = {
  welcome: quickReply(
    'Welcome! The bot is currently in control. \n\n Tap "Pass to Inbox" to pass control to the Page Inbox.',
    'Pass to Inbox',
    'pass_to_inbox',
  ),
  passing: quickReply(
    'The Primary Receiver is passing control to the Page Inbox. \n\n Tap "Take From Inbox" to have the Primary Receiver take control back.',
    'Take From Inbox',
    'take_from_inbox',
  ),
  passedBack: quickReply(
    'You passed control back to the Primary Receiver by marking "Done" in the Page Inbox. \n\n Tap "Pass to Inbox" to pass control to the Page Inbox.',
    'Pass to Inbox',
    'pass_to_inbox',
  ),
  taking: quickReply(
    'The Primary Receiver is taking control back. \n\n Tap "Pass to Inbox" to pass thread control to the Page Inbox.',
    'Pass to Inbox',
    'pass_to_inbox',
  ),
} as const;

function quickReply(text: string, title: string, payload: string) {
  return (psid: string) => ({
    recipient: { id: psid },
    messaging_type: 'RESPONSE',
    message: { text, quick_replies: [{ content_type: 'text', title, payload }] },
  });
}

/** The text of a webhook body in test/fixtures, as it would stand on the wire. */
export function fixtureText(name: string): string {
  return readFileSync(path.join(__dirname, '..', 'fixtures', `${name}.json`), 'utf8');
}

/** A body around one event. */
export function bodyOf(event: object, channel: 'messaging' | 'standby' = 'messaging', object = 'page'): object {
  return { object, entry: [{ id: ids.page, time: 1_795_384_800_123, [channel]: [event] }] };
}

/** An event of the person, with the given content. */
export function eventOf(content: object, timestamp = FIXTURE_TIME, person: string = ids.person): object {
  return { sender: { id: person }, recipient: { id: ids.page }, timestamp, ...content };
}

/** The same, as if it happened now: the built server has the real time. */
export function fixtureOfNow(name: string): string {
  return fixtureText(name).replaceAll(String(FIXTURE_TIME).slice(0, -3), String(Math.floor(Date.now() / 1_000)));
}
