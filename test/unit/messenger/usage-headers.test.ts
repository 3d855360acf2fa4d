import { readRegainTime } from '../../../src/messenger/usage-headers';

const usage = (...minutes: unknown[]) => ({
  'x-business-use-case-usage': JSON.stringify({
    '100200': minutes.map((time) => ({ type: 'messenger', call_count: 100, estimated_time_to_regain_access: time })),
  }),
});

describe('readRegainTime', () => {
  it.each<[string, Record<string, unknown>, number | undefined]>([
    ['the longest of the minutes that are named', usage(1, 5, 0), 300_000],
    ['the seconds of Retry-After', { 'retry-after': '30' }, 30_000],
    ['the longer of both', { ...usage(1), 'retry-after': '30' }, 60_000],
    ['at most a day', usage(100_000), 86_400_000],
    ['nothing where no time is named', usage(0), undefined],
    ['nothing where there are no headers', {}, undefined],
    ['nothing from garbage', { 'x-business-use-case-usage': '{"a":', 'retry-after': 'Wed, 21 Oct 2015' }, undefined],
    ['nothing from another shape', { 'x-business-use-case-usage': '{"a":{"b":1}}', 'retry-after': '-5' }, undefined],
    ['what it can from odd entries', usage('soon', 2), 120_000],
  ])('reads %s', (_what, headers, expected) => {
    expect(readRegainTime(headers)).toBe(expected);
  });
});
