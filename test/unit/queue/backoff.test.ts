import { backoff } from '../../../src/queue/backoff';

it.each([
  [1, 0, 1_000],
  [1, 1, 750],
  [2, 0.5, 1_750],
  [9, 0, 256_000],
  [10, 0, 300_000],
  [5_000, 1, 225_000],
])('waits after %d failures, with a chance of %d, for %d ms', (failures, random, ms) => {
  expect(backoff(failures, random)).toBe(ms);
});
