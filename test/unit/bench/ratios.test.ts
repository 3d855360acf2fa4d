import { findCostlier } from '../../../bench/ratios';

describe('the comparison with the last results', () => {
  const last = { steady: 2, flood: 3 };

  it('says nothing of what costs less, the same or twice as much', () => {
    expect(findCostlier(last, { steady: 4, flood: 1 })).toEqual([]);
  });

  it('names each that costs more than twice as much', () => {
    expect(findCostlier(last, { steady: 4.01, flood: 3 })).toEqual([
      'An event of "steady" costs the bot 4.01 times what it costs the floor, more than twice the 2.00 times of the last results.',
    ]);
    expect(findCostlier(last, { steady: 9, flood: 9 })).toHaveLength(2);
  });

  it('lets nothing pass that cannot be compared', () => {
    expect(findCostlier(last, { batch: 1 })).toEqual([
      'The last results say nothing about "batch": npm run bench writes them anew.',
    ]);
    expect(findCostlier(last, { steady: NaN })).toHaveLength(1);
    expect(findCostlier(last, { steady: Infinity })).toHaveLength(1);
  });
});
