import { createLookOut } from '../../../src/queue/look-out';
import { fakeClock } from '../../support/fake-clock';
import { signal } from '../../support/signal';

describe('a look-out', () => {
  const looking = (answers: readonly (number | undefined)[]) => {
    const clock = fakeClock(0);
    const left = [...answers];
    const at: number[] = [];
    const lookOut = createLookOut(
      clock,
      () => {
        at.push(clock.monotonic());
        return Promise.resolve(left.shift());
      },
      () => undefined,
    );
    return { clock, at, lookOut };
  };

  it('looks when it is asked, and again by itself when the last look has said so', async () => {
    const { clock, at, lookOut } = looking([100, 50]);
    lookOut.look();
    await clock.pass(1_000);
    expect(at).toEqual([0, 100, 150]);
  });

  it('plans no second look for what a planned one will see, but an earlier one', async () => {
    const { clock, at, lookOut } = looking([100, 400, 30]);
    const after = jest.spyOn(clock, 'after');
    for (let n = 0; n < 3; n += 1) {
      lookOut.look();
      await clock.pass(0);
    }
    expect(after.mock.calls.map(([ms]) => ms)).toEqual([100, 30]);
    await clock.pass(1_000);
    expect(at).toEqual([0, 0, 0, 30]);
  });

  it('says whether it looks, and looks once more where it was asked meanwhile', async () => {
    const answer = signal();
    const clock = fakeClock(0);
    let looks = 0;
    const rested = jest.fn();
    const lookOut = createLookOut(
      clock,
      async () => {
        looks += 1;
        await answer.sent;
        return undefined;
      },
      rested,
    );
    expect(lookOut.isLooking).toBe(false);
    for (let n = 0; n < 3; n += 1) lookOut.look();
    expect([lookOut.isLooking, looks]).toEqual([true, 1]);
    answer.send();
    await clock.pass(0);
    expect([lookOut.isLooking, looks, rested.mock.calls.length]).toEqual([false, 2, 1]);
  });

  it('plans nothing where no look is needed, and looks no more by itself once it is stopped', async () => {
    const { clock, at, lookOut } = looking([undefined, 100]);
    const after = jest.spyOn(clock, 'after');
    lookOut.look();
    await clock.pass(0);
    expect(after).not.toHaveBeenCalled();
    lookOut.look();
    await clock.pass(0);
    lookOut.stop();
    await clock.pass(1_000);
    expect(at).toHaveLength(2);
  });
});
