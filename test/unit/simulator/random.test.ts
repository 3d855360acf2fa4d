import { chance } from '../../../src/simulator/random';

describe('repeatable chance', () => {
  it('is mulberry32, as others compute it', () => {
    const random = chance(1);
    expect([random.next(), random.next(), random.next()]).toEqual([
      0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
    ]);
    expect(chance(-1).next()).toBe(chance(2 ** 32 - 1).next());
  });

  it('falls between two numbers, both included, all alike', () => {
    const random = chance(2);
    const counts = new Map<number, number>();
    for (let n = 0; n < 3_000; n += 1) {
      const number = random.between(5, 7);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([5, 6, 7]);
    expect(Math.min(...counts.values())).toBeGreaterThan(900);
  });

  it('lets happen what is as probable as that', () => {
    const random = chance(3);
    const often = (probability: number) =>
      Array.from({ length: 1_000 }, () => random.happens(probability)).filter(Boolean).length;
    expect([often(0), often(1)]).toEqual([0, 1_000]);
    expect(Math.abs(often(0.2) - 200)).toBeLessThan(40);
  });
});
