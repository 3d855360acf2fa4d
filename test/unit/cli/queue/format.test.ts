import fc from 'fast-check';
import { formatJson } from '../../../../src/cli/plain';
import { formatDetails, jsonFormat, tableFormat } from '../../../../src/cli/queue/format';
import type { StoredEvent } from '../../../../src/queue/event-store';

const NOW = 1_795_384_800_000;
/** All that a terminal may be tricked with: controls, invisible marks, other line ends, halves of characters. */
const TRICK = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const tricks = ['\u0007', '\u001b[2J', '\u0085', '\u009b', '\u00ad', '\u200b', '\u202e', '\u2028', '\u2029', '\ufeff'];
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(...tricks, '\u{e0001}', '\ud83d', '\udc4b', '👋', '\n', '"', '\\', 'word '.repeat(9)),
      fc.string({ unit: 'grapheme' }),
      fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));
const event: fc.Arbitrary<StoredEvent> = fc.record({
  ...{ id: text, page: text, conversation: text, reason: text },
  timestamp: fc.constant(NOW),
  payload: fc.record({ content: text }),
  state: fc.constantFrom('waiting', 'set_aside'),
  receivedAt: fc.constant(NOW),
  attempts: fc.nat(12),
  uncertain: fc.nat(3),
  calls: fc.array(fc.record({ path: text, answer: fc.constant({}) }), { maxLength: 2 }),
});

/** The lines of a text, each without what could trick a terminal. */
function plainLines(written: string): string[] {
  expect(written.endsWith('\n')).toBe(true);
  const lines = written.slice(0, -1).split('\n');
  for (const line of lines) expect(line).not.toMatch(TRICK);
  return lines;
}

describe('whatever stands in an event', () => {
  it('makes one plain line of a table', () => {
    fc.assert(
      fc.property(event, (one) => {
        const { row } = tableFormat(NOW, true);
        expect(plainLines(row(one, false))).toHaveLength(1);
        expect(plainLines(row(one, true))).toHaveLength(2);
      }),
    );
  });

  it('makes one plain line for each of its facts', () => {
    fc.assert(
      fc.property(event, (one) => {
        expect(plainLines(formatDetails(one, true))).toHaveLength(9);
      }),
    );
  });

  it('is plain JSON of the same value, one by one and as a list', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 3 }), (all) => {
        const same: unknown = JSON.parse(JSON.stringify(all));
        const alone = `${formatJson(all)}\n`;
        plainLines(alone);
        expect(JSON.parse(alone)).toEqual(same);
        const { row, end } = jsonFormat(true);
        const list = `${all.map((one, n) => row(one, n === 0)).join('')}${end({ waiting: all.length, set_aside: 0 }, true)}`;
        plainLines(list);
        expect(JSON.parse(list)).toEqual(
          all.map(({ calls, ...rest }) => ({ ...rest, calls: calls.map(({ path }) => path) })),
        );
      }),
    );
  });
});

it('escapes what JSON itself leaves as it is', () => {
  expect(formatJson('\u202e \u009b \u{e0001} 👋')).toBe('"\\u202e \\u009b \\udb40\\udc01 👋"');
});

it('cuts off between characters', () => {
  const one = { id: '1', page: 'p', conversation: `${'x'.repeat(43)}👋 and more`, timestamp: NOW, payload: {} };
  const { row } = tableFormat(NOW, false);
  expect(row({ ...one, state: 'waiting', receivedAt: NOW, attempts: 0, uncertain: 0, calls: [] }, false)).toContain(
    ` ${'x'.repeat(43)}…\n`,
  );
});

it('shows every fact of an event, each on a line of its own', () => {
  const at = (minutes: number) => NOW + minutes * 60_000;
  const one: StoredEvent = {
    ...{ id: 'abc', page: 'me', conversation: 'page/1/2', reason: 'refused', state: 'set_aside' },
    ...{ timestamp: NOW, receivedAt: at(1), endedAt: at(3), retriedAt: at(2), attempts: 4, uncertain: 0 },
    payload: { content: { message: { text: 'hi' } } },
    calls: [
      { path: '/messages', answer: {} },
      { path: '/pass_thread_control', answer: {} },
    ],
  };
  expect(formatDetails(one, false)).toBe(
    [
      'id            abc',
      'state         set aside',
      'reason        refused',
      'conversation  page/1/2',
      'happened      2026-11-22T22:00:00.000Z',
      'received      2026-11-22T22:01:00.000Z',
      'set aside     2026-11-22T22:03:00.000Z',
      'put back      2026-11-22T22:02:00.000Z',
      'tries         4',
      'calls made    /messages, /pass_thread_control',
      'text          (add --texts to see it)',
      '',
    ].join('\n'),
  );
  expect(formatDetails({ ...one, calls: [] }, true)).toMatch(
    /calls made +none\ntext +\{"message":\{"text":"hi"\}\}\n$/,
  );
});

it.each([
  [0, '<1 min'],
  [59_999, '<1 min'],
  [60_000, '1 min'],
  [119 * 60_000, '119 min'],
  [120 * 60_000, '2 h'],
  [48 * 60 * 60_000 - 1, '47 h'],
  [48 * 60 * 60_000, '2 d'],
])('says of %d ms that they are %s', (ms, age) => {
  const { row } = tableFormat(NOW + ms, false);
  const one = { id: '1', page: 'p', conversation: 'c', timestamp: NOW, payload: {} };
  const line = row({ ...one, state: 'waiting', receivedAt: NOW, attempts: 0, uncertain: 0, calls: [] }, false);
  expect(line.slice(37, 46).trim()).toBe(age);
});

it('counts in the last line, and says where there was nothing', () => {
  const { end } = tableFormat(NOW, false);
  expect(end({ waiting: 1, set_aside: 1 }, true)).toBe('\n1 waiting, 1 set aside.\n');
  expect(end({ waiting: 0, set_aside: 0 }, true)).toBe('Nothing of this kind waits or was set aside.\n');
  expect(end({ waiting: 0, set_aside: 0 }, false)).toBe('\n0 waiting, 0 set aside.\n');
});

it('cuts off what is longer than its column, and nothing else', () => {
  const { row } = tableFormat(NOW, false);
  const of = (conversation: string) =>
    row(
      {
        id: '1',
        page: 'p',
        conversation,
        timestamp: NOW,
        payload: {},
        state: 'waiting',
        receivedAt: NOW,
        attempts: 0,
        uncertain: 0,
        calls: [],
      },
      false,
    );
  expect(of('x'.repeat(45))).toContain(` ${'x'.repeat(45)}\n`);
  expect(of('x'.repeat(46))).toContain(` ${'x'.repeat(44)}…\n`);
});
