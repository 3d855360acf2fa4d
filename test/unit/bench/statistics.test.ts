import fc from 'fast-check';
import { mostWithin, percentile, spreadOf } from '../../../bench/statistics';

describe('a percentile', () => {
  it('is the value in that place, whatever the order', () => {
    const values = [30, 10, 50, 20, 40];
    expect([0, 0.25, 0.5, 0.75, 1].map((share) => percentile(values, share))).toEqual([10, 20, 30, 40, 50]);
  });

  it('lies between two values where the place does', () => {
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(percentile([0, 100], 0.99)).toBe(99);
  });

  it('compares numbers as numbers', () => {
    expect(percentile([9, 10, 100], 0.5)).toBe(10);
  });

  it('is no number when there are no values', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('leaves the values as they are', () => {
    const values = [3, 1, 2];
    percentile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a spread', () => {
  it('has the median, the least and the most', () => {
    expect(spreadOf([5, 1, 9])).toEqual({ median: 5, least: 1, most: 9 });
    expect(spreadOf([7])).toEqual({ median: 7, least: 7, most: 7 });
  });
});

describe('the most within a span', () => {
  it('finds the fullest span, wherever it begins', () => {
    expect(mostWithin(1_000, [0, 900, 950, 1_000, 1_800, 5_000])).toBe(4);
  });

  it('does not count two that are a whole span apart', () => {
    expect(mostWithin(1_000, [0, 1_000, 2_000])).toBe(1);
    expect(mostWithin(1_000, [0, 999.9])).toBe(2);
  });

  it('finds nothing where there is nothing', () => {
    expect(mostWithin(1_000, [])).toBe(0);
  });

  it('finds what counting from each event finds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5_000), { minLength: 1, maxLength: 50 }), (times) => {
        const counted = times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length);
        expect(mostWithin(1_000, times)).toBe(Math.max(...counted));
      }),
    );
  });
});
