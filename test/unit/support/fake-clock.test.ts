import { fakeClock } from '../../support/fake-clock';

describe('a leap of a clock that tests set', () => {
  it('waits for what takes real time, which would seem to have taken the whole leap', async () => {
    let isBusy = true;
    const clock = fakeClock(0, () => isBusy);
    let tookMs: number | undefined;
    setTimeout(() => {
      tookMs = clock.monotonic();
      isBusy = false;
    }, 5);
    await clock.leap(1_000);
    expect(tookMs).toBe(0);
    expect(clock.monotonic()).toBe(1_000);
  });
});
