import { atMost } from '../../../src/process/at-most';

describe('work on many things', () => {
  it('is done on so many at a time, and on all in the end, whatever comes of one', async () => {
    let [now, most] = [0, 0];
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      if (item === 3) throw new Error('no');
      return item * 2;
    };
    const outcomes = await Promise.allSettled(atMost(3, [1, 2, 3, 4, 5, 6, 7], work));
    expect(outcomes.map((one) => (one.status === 'fulfilled' ? one.value : 'failed'))).toEqual([
      2,
      4,
      'failed',
      8,
      10,
      12,
      14,
    ]);
    expect(most).toBe(3);
  });
});
