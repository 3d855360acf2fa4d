import { HOUR, MINUTE, event, makeQueue } from '../../support/queue-under-test';

/* Of an engine that knows no clock but that of this machine. */

describe('the clock on the wall, of which the store has none better', () => {
  it('does not let set-aside events be forgotten when it leaps a year ahead, until it is believed', async () => {
    const { started, on, clock, store, queue } = await makeQueue();
    on(() => ({ kind: 'refused', reason: 'no', cause: 'x', scope: 'event', isExpected: true }));
    await started([event('1')]);
    await queue.add([event('2')]);
    clock.step(365 * 24 * HOUR);
    await clock.pass(10 * MINUTE);
    await expect(store.get('1')).resolves.toBeDefined();
    await clock.leap(24 * HOUR);
    await clock.pass(2 * MINUTE);
    await expect(store.get('1')).resolves.toBeUndefined();
  });
});
