import { eventId } from '../../../src/webhook/event-id';
import { flattenEvents } from '../../../src/webhook/events';
import { bodySchema } from '../../../src/webhook/payload';
import { FIXTURE_TIME, bodyOf, eventOf } from '../../support/fixtures';

function idOf(
  content: object,
  channel: 'messaging' | 'standby' = 'messaging',
  timestamp = FIXTURE_TIME,
  person?: string,
): string {
  const [event] = flattenEvents(bodySchema.parse(bodyOf(eventOf(content, timestamp, person), channel)), 0);
  if (!event) throw new Error('no event');
  return eventId(event);
}

const message = { message: { mid: 'm_1', text: 'hi' } };
const passed = { pass_thread_control: { new_owner_app_id: '1' } };

describe('eventId', () => {
  it('is the same for every delivery of a message, whatever else has changed', () => {
    expect(idOf(message)).toMatch(/^[0-9a-f]{24}$/);
    expect(idOf({ message: { mid: 'm_1', text: 'hi', more: 1 } }, 'standby', FIXTURE_TIME + 1)).toBe(idOf(message));
    expect(idOf({ postback: { mid: 'p', title: 'x' } })).toBe(idOf({ postback: { mid: 'p', title: 'y' } }));
  });

  it('differs between messages, persons and kinds', () => {
    const all = [
      idOf(message),
      idOf({ message: { mid: 'm_2', text: 'hi' } }),
      idOf(message, 'messaging', FIXTURE_TIME, '7'),
      idOf({ postback: { mid: 'm_1' } }),
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

  it('does not take the mid of a reaction or an edit for its own', () => {
    expect(idOf({ reaction: { mid: 'm_1' } })).not.toBe(
      idOf({ reaction: { mid: 'm_1' } }, 'messaging', FIXTURE_TIME + 1),
    );
  });
});
