import type { CarriedOut } from '../../chaos/judge';
import { longestAfter, mostWithin, percentile, ratePerSecond, serve, sumUp, type Accepted } from '../../chaos/measures';

const call = (what: string, at: number, conversation = 'a'): CarriedOut => ({ conversation, what, at });
const event = (at: number, index: number, conversation = 'a'): Accepted => ({
  conversation,
  page: '1',
  postedAt: at - 10,
  at,
  call: index,
});

describe('what the chaos run measures', () => {
  it('is when the first call of each event came, doubles left aside', () => {
    const calls = [call('welcome', 110), call('welcome', 120), call('passing', 210), call('welcome', 50, 'b')];
    const events = [event(100, 0), event(200, 1), event(40, 0, 'b'), event(300, 2)];
    expect(serve(events, calls).map(({ servedAt }) => servedAt)).toEqual([110, 210, 50, Infinity]);
  });

  it('is how long what waited at a kill had to wait', () => {
    const served = serve([event(100, 0), event(400, 1)], [call('welcome', 700), call('passing', 5_000)]);
    expect(longestAfter(300, served)).toBe(400);
    expect(longestAfter(400, served)).toBe(4_600);
    expect(longestAfter(50, served)).toBe(0);
    expect(longestAfter(300, serve([event(100, 0)], []))).toBe(Infinity);
    expect(longestAfter(800, serve([event(100, 0)], [call('welcome', 700)]))).toBe(0);
  });

  it('is the most within any second, wherever it begins', () => {
    expect(mostWithin(1_000, [0, 900, 1_000, 1_899, 1_900])).toBe(3);
    expect(mostWithin(1_000, [1_899, 0, 950, 900, 1_000])).toBe(4);
    expect(mostWithin(1_000, [0, 1_000, 2_000])).toBe(1);
    expect(mostWithin(1_000, [])).toBe(0);
  });

  it('is the rate between the first and the last', () => {
    expect(ratePerSecond([500, 0, 250, 750, 1_000])).toBe(4);
  });

  it('is what so many per cent do not exceed', () => {
    const values = Array.from({ length: 200 }, (_, n) => 200 - n);
    expect(percentile(99, values)).toBe(198);
    expect(percentile(50, values)).toBe(100);
    expect(percentile(99, [7])).toBe(7);
  });

  it('is how POSTs were answered', () => {
    const statuses = [200, 503, 200, undefined, 500];
    const answers = statuses.map((status, n) => ({ status, tookMs: 10 * n }));
    expect(sumUp(answers)).toEqual({ slowestMs: 40, counts: { ok: 2, later: 1, none: 1, others: 1 } });
  });
});
