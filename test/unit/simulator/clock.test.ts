import { simulatedClock } from '../../../src/simulator/clock';

describe('the simulated clock', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 1_000 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('runs with real time', () => {
    const clock = simulatedClock();
    const seen: number[] = [];
    clock.after(500, () => seen.push(clock.now()));
    jest.advanceTimersByTime(499);
    expect(seen).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(seen).toEqual([1_500]);
  });

  it('calls back in order when it is moved forward, and goes on with what is left', () => {
    const clock = simulatedClock();
    const seen: [string, number][] = [];
    const note = (name: string) => () => seen.push([name, clock.now()]);
    clock.after(2_000, note('second'));
    clock.after(1_000, () => {
      note('first')();
      clock.after(500, note('in between'));
    });
    clock.after(10_000, note('last'));
    clock.advance(5_000);
    expect(seen).toEqual([
      ['first', 2_000],
      ['in between', 2_500],
      ['second', 3_000],
    ]);
    expect(clock.now()).toBe(6_000);
    jest.advanceTimersByTime(5_000);
    expect(seen.at(-1)).toEqual(['last', 11_000]);
  });

  it('calls back what falls due at the very moment it is moved to, once', () => {
    const clock = simulatedClock();
    const seen: number[] = [];
    clock.after(1_000, () => seen.push(clock.now()));
    clock.advance(999);
    expect(seen).toEqual([]);
    clock.advance(1);
    expect(seen).toEqual([2_000]);
    jest.advanceTimersByTime(1_000);
    expect(seen).toEqual([2_000]);
  });

  it('can cancel one plan, or all', () => {
    const clock = simulatedClock();
    const seen: string[] = [];
    clock.after(10, () => seen.push('cancelled'))();
    clock.after(10, () => seen.push('stopped'));
    clock.stop();
    clock.after(10, () => seen.push('too late'));
    clock.advance(100);
    jest.advanceTimersByTime(100);
    expect(seen).toEqual([]);
  });
});
