import { isReached, type Target } from '../../../bench/figure';
import { spreadOf } from '../../../bench/statistics';

const reached = (value: number, target?: Target) =>
  isReached({ group: '1. Group', what: 'figure', spread: spreadOf([value]), unit: 'ms', ...(target && { target }) });

describe('a target', () => {
  it('may be a least, a most, or both; the bounds belong to it', () => {
    expect([0.9, 0.89].map((value) => reached(value, { atLeast: 0.9 }))).toEqual([true, false]);
    expect([400, 401].map((value) => reached(value, { atMost: 400 }))).toEqual([true, false]);
    const both = { atLeast: 0.99, atMost: 1.01 };
    expect([0.98, 0.99, 1.01, 1.02].map((value) => reached(value, both))).toEqual([false, true, true, false]);
  });

  it('is compared with the median, not with the best round', () => {
    const figure = { group: '1. Group', what: 'figure', spread: spreadOf([1, 3, 5]), unit: 'ms' };
    expect(isReached({ ...figure, target: { atMost: 2 } })).toBe(false);
    expect(isReached({ ...figure, target: { atMost: 3 } })).toBe(true);
  });

  it('is not reached by what is no number', () => {
    expect(reached(NaN, { atMost: 1 })).toBe(false);
    expect(reached(NaN, { atLeast: 1 })).toBe(false);
  });

  it('may be missing', () => {
    expect(reached(1)).toBeUndefined();
  });
});
