import { readRegainTimes } from '../../../src/messenger/usage-headers';
import { refusal } from '../../support/refusal';

const PAGE = '100200';
const usage = (type: string, ...minutes: unknown[]) => ({
  'x-business-use-case-usage': JSON.stringify({
    [PAGE]: minutes.map((time) => ({ type, call_count: 100, estimated_time_to_regain_access: time })),
  }),
});
const read = (headers: Record<string, unknown>, accounts: readonly string[] = [PAGE]) =>
  refusal({ code: 613, regain: readRegainTimes(headers) }).regainMs(accounts);

describe('how long the platform wants to be left alone', () => {
  it.each<[string, Record<string, unknown>, number | undefined]>([
    ['the longest of the minutes that are named', usage('messenger', 1, 5, 0), 300_000],
    ['the seconds of Retry-After', { 'retry-after': '30' }, 30_000],
    ['the longer of both', { ...usage('messenger', 1), 'retry-after': '30' }, 60_000],
    ['at least a second of Retry-After', { 'retry-after': '0.001' }, 1_000],
    ['at most an hour', usage('messenger', 100_000), 3_600_000],
    ['at most an hour of Retry-After', { 'retry-after': '100000' }, 3_600_000],
    ['nothing of advertisements', usage('ads_management', 45), undefined],
    ['nothing where no time is named', usage('messenger', 0), undefined],
    ['nothing where there are no headers', {}, undefined],
    ['nothing from garbage', { 'x-business-use-case-usage': '{"a":', 'retry-after': 'Wed, 21 Oct 2015' }, undefined],
    ['nothing from another shape', { 'x-business-use-case-usage': '{"a":{"b":1}}', 'retry-after': '-5' }, undefined],
    ['what it can from odd entries', usage('messenger', 'soon', 2), 120_000],
  ])('is read: %s', (_what, headers, expected) => {
    expect(read(headers)).toBe(expected);
  });

  it("is nothing when only another Page's usage says so", () => {
    expect(read(usage('messenger', 45), ['999'])).toBeUndefined();
    expect(refusal({ regain: readRegainTimes(usage('messenger', 45)) }).regainMs([])).toBeUndefined();
  });
});
