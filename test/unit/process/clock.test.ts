import { systemClock } from '../../../src/process/clock';

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the clock of the system', () => {
  it('tells the time of day, and one that only goes forward', () => {
    const before = systemClock.monotonic();
    expect(systemClock.now()).toBe(1_000);
    jest.advanceTimersByTime(50);
    expect(systemClock.now()).toBe(1_050);
    expect(systemClock.monotonic() - before).toBe(50);
  });

  it('calls back once, when it is time', () => {
    const back = jest.fn();
    systemClock.after(50, back);
    jest.advanceTimersByTime(49);
    expect(back).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1_000);
    expect(back).toHaveBeenCalledTimes(1);
  });

  it('does not call back where that is called off', () => {
    const back = jest.fn();
    systemClock.after(50, back)();
    jest.advanceTimersByTime(1_000);
    expect(back).not.toHaveBeenCalled();
  });

  it.each([
    [-5, 0],
    [0, 0],
    [2_147_483_647, 2_147_483_647],
    [2_147_483_648, 2_147_483_647],
    [Infinity, 2_147_483_647],
  ])('gives a timer what it takes: %d ms are %d', (ms, given) => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    systemClock.after(ms, () => undefined)();
    expect(set).toHaveBeenCalledWith(expect.any(Function), given);
  });
});
