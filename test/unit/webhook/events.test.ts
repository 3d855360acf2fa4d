import { readEvents } from '../../support/read-events';
import { flattenEvents } from '../../../src/webhook/events';
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

  it('takes what the Page itself sends for an echo, though it is not called one', () => {
    const event = { sender: { id: ids.page }, recipient: { id: ids.person }, message: { text: 'x' } };
    expect(flattenOne(event)).toMatchObject({ isEcho: true, kind: 'echo', psid: ids.person });
    expect(flattenOne({ ...event, sender: { id: ids.person } })).toMatchObject({ isEcho: false, kind: 'message' });
  });

  it('does not take for an echo what names neither Page nor sender, nor a recipient', () => {
    const [event] = flatten({ entry: [{ messaging: [{ message: { text: 'x' } }] }] });
    expect(event).toMatchObject({ isEcho: false, kind: 'message', pageId: undefined, psid: undefined });
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
    expect(flattenOne({ timestamp: 99_999_999_999 })?.timestamp).toBe(99_999_999_999_000);
    expect(flattenOne({ timestamp: 100_000_000_000 })?.timestamp).toBe(100_000_000_000);
  });

  it('tells the kinds that are answered apart, whatever else the event carries', () => {
    const kind = (event: object) => flattenOne({ sender: { id: ids.person }, brand_new: 1, ...event })?.kind;
    expect(kind({ message: { text: 'x' } })).toBe('message');
    expect(kind({ message: { text: 'x', quick_reply: { payload: 'p' } } })).toBe('quick_reply');
    expect(kind({ message: { text: 'x', quick_reply: { payload: 5 } } })).toBe('message');
    expect(kind({ message: { is_deleted: true } })).toBe('deleted');
    expect(kind({ message: { is_echo: true, quick_reply: { payload: 'p' } } })).toBe('echo');
    expect(kind({ take_thread_control: {} })).toBe('take_thread_control');
    expect(kind({})).toBe('brand_new');
  });

  it('falls back to the recipient for the id of the Page', () => {
    expect(flatten({ entry: [{ messaging: [eventOf({})] }] })[0]?.pageId).toBe(ids.page);
  });

  it('knows no person where the id is missing, empty, too long or neither text nor number', () => {
    for (const id of [undefined, '', 'x'.repeat(129), {}, null, -1, 1.5, 2 ** 53]) {
      expect(flattenOne({ sender: { id } })?.psid).toBeUndefined();
    }
    expect(flattenOne({ sender: { id: 'x'.repeat(128) } })?.psid).toBe('x'.repeat(128));
    expect(flattenOne({ sender: { id: 2 ** 53 - 1 } })?.psid).toBe('9007199254740991');
  });

  it.each([' 1', '1 ', '1\n', '\n1', 'a\tb', 'ä1', '1\u0000', '1\u007f'])('knows no person by the id %j', (id) => {
    expect(flattenOne({ sender: { id } })?.psid).toBeUndefined();
    expect(flatten({ entry: [{ id, messaging: [eventOf({})] }] })[0]?.pageId).toBe(ids.page);
  });

  it.each([
    ['reaction', 'reaction'],
    ['x'.repeat(40), 'x'.repeat(40)],
    ['x'.repeat(41), 'unknown'],
    ['Reaction', 'unknown'],
    ['xReaction', 'unknown'],
    ['reaction1', 'unknown'],
    ['1reaction', 'unknown'],
    ['re action', 'unknown'],
    ['reaction\n', 'unknown'],
    ['', 'unknown'],
  ])('repeats of an unknown kind only a name of the style of the platform: %j is %s', (name, kind) => {
    expect(flattenOne({ sender: { id: '1' }, timestamp: 1, [name]: {} })?.kind).toBe(kind);
  });

  it('yields something for each thing that cannot be read, so that whoever reads can pause there, too', () => {
    const body = bodySchema.parse({ entry: [1, { messaging: [2, eventOf({})], standby: [3] }] });
    expect([...flattenEvents(bodySchema.parse({ entry: [{ messaging: 'x', standby: {} }] }), NOW)]).toEqual([]);
    expect([...flattenEvents(body, NOW)].map((event) => event?.psid)).toEqual([
      undefined,
      undefined,
      ids.person,
      undefined,
    ]);
  });

  it('reads app ids as strings, and not at all where digits were lost', () => {
    const requested = (id: unknown) =>
      flattenOne({ request_thread_control: { requested_owner_app_id: id } })?.content.request_thread_control
        ?.requested_owner_app_id;
    expect(requested(555000111222333)).toBe('555000111222333');
    expect(requested('555000111222333')).toBe('555000111222333');
    expect(requested(2 ** 60)).toBeUndefined();
    for (const id of ['../me', '12x', 'x12', '1 2', '', '1'.repeat(21), -1, 1.5]) expect(requested(id)).toBeUndefined();
    expect(requested('1'.repeat(20))).toBe('1'.repeat(20));
  });
});
