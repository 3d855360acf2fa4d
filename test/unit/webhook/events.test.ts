import { readEvents } from '../../support/read-events';
import { bodySchema } from '../../../src/webhook/payload';
import { eventOf, fixtureText, ids } from '../../support/fixtures';

const NOW = 1_800_000_000_000;
const flatten = (body: unknown) => readEvents(bodySchema.parse(body), NOW);
const flattenOne = (event: object, entry: object = {}) =>
  flatten({ entry: [{ id: ids.page, ...entry, messaging: [event] }] })[0];

describe('flattenEvents', () => {
  it('takes out every event with its channel, in the order of the body', () => {
    const events = flatten(JSON.parse(fixtureText('batch-two-entries-both-channels')));
    expect(events.map(({ channel, psid, timestamp }) => [channel, psid, timestamp])).toEqual([
      ['messaging', '24601000000000001', 1795384800000],
      ['messaging', '24601000000000002', 1795384800001],
      ['standby', '24601000000000003', 1795384800002],
    ]);
  });

  it('knows the person of an echo as its recipient', () => {
    const [echo] = flatten(JSON.parse(fixtureText('message-echo')));
    expect(echo).toMatchObject({ isEcho: true, psid: ids.person, pageId: ids.page });
  });

  it("falls back to the entry's time, and then to now", () => {
    expect(flattenOne({}, { time: 1_700_000_000_005 })?.timestamp).toBe(1_700_000_000_005);
    expect(flattenOne({})?.timestamp).toBe(NOW);
    expect(flattenOne({ timestamp: -1 })?.timestamp).toBe(NOW);
    expect(flattenOne({ timestamp: 'soon' })?.timestamp).toBe(NOW);
  });

  it('recognises seconds', () => {
    expect(flattenOne({ timestamp: 1_795_384_800 })?.timestamp).toBe(1_795_384_800_000);
    expect(flattenOne({ timestamp: 1_795_384_800_000 })?.timestamp).toBe(1_795_384_800_000);
  });

  it('tells the kinds that are answered apart, whatever else the event carries', () => {
    const kind = (event: object) => flattenOne({ sender: { id: ids.person }, brand_new: 1, ...event })?.kind;
    expect(kind({ message: { text: 'x' } })).toBe('message');
    expect(kind({ message: { text: 'x', quick_reply: { payload: 'p' } } })).toBe('quick_reply');
    expect(kind({ message: { is_deleted: true } })).toBe('deleted');
    expect(kind({ message: { is_echo: true, quick_reply: { payload: 'p' } } })).toBe('echo');
    expect(kind({ take_thread_control: {} })).toBe('take_thread_control');
    expect(kind({})).toBe('brand_new');
  });

  it('falls back to the recipient for the id of the Page', () => {
    expect(flatten({ entry: [{ messaging: [eventOf({})] }] })[0]?.pageId).toBe(ids.page);
  });

  it('knows no person where the id is missing, empty, too long or neither text nor number', () => {
    for (const id of [undefined, '', 'x'.repeat(129), {}, null]) {
      expect(flattenOne({ sender: { id } })?.psid).toBeUndefined();
    }
  });

  it('reads app ids as strings, and not at all where digits were lost', () => {
    const requested = (id: unknown) =>
      flattenOne({ request_thread_control: { requested_owner_app_id: id } })?.content.request_thread_control
        ?.requested_owner_app_id;
    expect(requested(555000111222333)).toBe('555000111222333');
    expect(requested('555000111222333')).toBe('555000111222333');
    expect(requested(2 ** 60)).toBeUndefined();
    expect(requested('../me')).toBeUndefined();
  });
});
