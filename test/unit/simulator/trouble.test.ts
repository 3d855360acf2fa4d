import { noTrouble, readTrouble } from '../../../src/simulator/trouble';

describe('a wish for trouble', () => {
  it('can name any kind, of which there is none at first', () => {
    const wish = Object.fromEntries(Object.keys(noTrouble).map((name) => [name, name === 'latencyMs' ? 250 : true]));
    expect(readTrouble(wish)).toEqual({ ...wish, latencyMs: 250 });
    expect(Object.values(noTrouble).filter((value) => value !== false)).toEqual([0]);
    expect(readTrouble({ botDown: false })).toEqual({ botDown: false });
  });

  it.each([0, 0.5, 60_000])('can ask for a delay of %d ms', (latencyMs) => {
    expect(readTrouble({ latencyMs })).toEqual({ latencyMs });
  });

  it.each<[string, unknown]>([
    ['latencyMs', -1],
    ['latencyMs', 60_001],
    ['latencyMs', '30'],
    ['latencyMs', true],
    ['botDown', 1],
    ['botDown', null],
    ['toString', true],
    ['nonsense', true],
  ])('is refused by its name: %s as %p', (name, value) => {
    expect(() => readTrouble({ redeliver: true, [name]: value })).toThrow(RangeError);
    expect(() => readTrouble({ redeliver: true, [name]: value })).toThrow(name);
  });
});
