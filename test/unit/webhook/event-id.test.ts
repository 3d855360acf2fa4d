import { conversationOf, eventId } from '../../../src/webhook/event-id';
import { readEvents } from '../../support/read-events';
import { bodySchema } from '../../../src/webhook/payload';
import { FIXTURE_TIME, bodyOf, eventOf, ids } from '../../support/fixtures';

function idOf(
  content: object,
  channel: 'messaging' | 'standby' = 'messaging',
  timestamp = FIXTURE_TIME,
  person?: string,
): string {
  const [event] = readEvents(bodySchema.parse(bodyOf(eventOf(content, timestamp, person), channel)), 0);
  if (!event) throw new Error('no event');
  return eventId(event);
}

const message = { message: { mid: 'm_1', text: 'hi' } };
const passed = { pass_thread_control: { new_owner_app_id: '1' } };

describe('eventId', () => {
  it('is the same for every delivery of a message, whatever else has changed', () => {
    expect(idOf(message)).toMatch(/^[0-9a-f]{24}$/);
    expect(idOf({ message: { mid: 'm_1', text: 'hi', more: 1 } }, 'messaging', FIXTURE_TIME + 1)).toBe(idOf(message));
    const tap = (payload: string, time?: number) => idOf({ postback: { mid: 'p', payload } }, 'messaging', time);
    expect(tap('x', FIXTURE_TIME + 1)).toBe(tap('y'));
  });

  it('differs between messages, persons and kinds', () => {
    const all = [
      idOf(message),
      idOf({ message: { mid: 'm_2', text: 'hi' } }),
      idOf(message, 'messaging', FIXTURE_TIME, '7'),
      idOf({ postback: { mid: 'm_1' } }),
      idOf({ postback: { mid: 'm_2' } }),
      idOf(message, 'standby'),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('is made of conversation, timestamp and content where there is no mid', () => {
    const all = [
      idOf(passed),
      idOf(passed, 'messaging', FIXTURE_TIME + 1),
      idOf(passed, 'standby'),
      idOf(passed, 'messaging', FIXTURE_TIME, '7'),
      idOf({ pass_thread_control: { new_owner_app_id: '2' } }),
      idOf({ read: { watermark: 1 } }),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(idOf(passed)).toBe(all[0]);
  });

  it('is made of known fields only: neither their order nor an unknown one before them matters', () => {
    const odd = { from_tomorrow: 1, pass_thread_control: { metadata: 'x', new_owner_app_id: '1' } };
    expect(idOf(odd)).toBe(idOf(passed));
    expect(idOf({ from_tomorrow: 1, ...message })).toBe(idOf(message));
    const [swapped] = readEvents(
      bodySchema.parse(
        bodyOf({ ...passed, timestamp: FIXTURE_TIME, recipient: { id: ids.page }, sender: { id: ids.person } }),
      ),
      0,
    );
    expect(swapped && eventId(swapped)).toBe(idOf(passed));
  });

  it('is never made of the time of arrival', () => {
    const timeless = (now: number, time?: number) =>
      readEvents(
        bodySchema.parse({
          entry: [{ id: ids.page, time, messaging: [0, 1].map(() => ({ sender: { id: ids.person }, ...passed })) }],
        }),
        now,
      ).map(eventId);
    expect(new Set([...timeless(1), ...timeless(1)]).size).toBe(4); // nothing tells them apart: better twice than never
    expect(timeless(1, FIXTURE_TIME)).toEqual(timeless(2, FIXTURE_TIME));
    expect(new Set(timeless(1, FIXTURE_TIME)).size).toBe(2);
  });

  it('is that of the message where it has a mid, though nothing says when it happened', () => {
    const timeless = (now: number) =>
      readEvents(bodySchema.parse({ entry: [{ messaging: [{ sender: { id: ids.person }, ...message }] }] }), now).map(
        eventId,
      );
    expect(timeless(1)).toEqual(timeless(2));
    expect(timeless(1)).toHaveLength(1);
  });

  it('does not take the mid of a reaction or an edit for its own', () => {
    expect(idOf({ reaction: { mid: 'm_1' } })).not.toBe(
      idOf({ reaction: { mid: 'm_1' } }, 'messaging', FIXTURE_TIME + 1),
    );
  });
});

describe('conversationOf', () => {
  const named = (entry: object) =>
    readEvents(bodySchema.parse({ object: 'page', entry: [entry] }), 0).map((event) => conversationOf(event, '24601'));

  it('tells Pages and people apart, also where an event does not name its Page', () => {
    expect(named({ id: ids.page, messaging: [eventOf(message)] })).toEqual([`page/${ids.page}/24601`]);
    expect(named({ messaging: [{ sender: { id: '24601' }, ...message }] })).toEqual(['page//24601']);
  });
});
