import { countEvents } from '../../../src/webhook/payload';

describe('countEvents', () => {
  it.each<[number, unknown]>([
    [0, undefined],
    [0, null],
    [0, 'text'],
    [0, []],
    [0, {}],
    [0, { entry: 'text' }],
    [0, { entry: { length: 9 } }],
    [3, { entry: [1, null, 'x'] }],
    [2, { entry: [{ messaging: {}, standby: 'xyz' }, {}] }],
    [3, { entry: [{ messaging: [1, 2], standby: [3] }] }],
    [5, { entry: [{ messaging: [1, 2], standby: [3] }, { standby: [4, 5] }] }],
  ])('is %d for %j', (count, body) => {
    expect(countEvents(body)).toBe(count);
  });
});
