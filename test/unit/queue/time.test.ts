import { pino } from 'pino';
import type { StoredEvent } from '../../../src/queue/event-store';
import { createTrustedTime } from '../../../src/queue/trusted-time';
import { fakeClock } from '../../support/fake-clock';
import { temporaryFolder } from '../../support/temporary-folder';
import { HOUR, MINUTE, NOW, SECOND, done, event, hold, makeQueue, retry } from '../../support/queue-under-test';

describe('the clock on the wall', () => {
  it.each([
    ['back', -HOUR],
    ['ahead', 25 * HOUR],
  ])('may step %s: everything goes on as before, and it is said', async (_way, step) => {
    const { started, on, clock, seen, queue, log, state } = await makeQueue();
    on(() => retry);
    await started([event('1')]);
    clock.step(step);
    on(() => done);
    await clock.pass(SECOND);
    expect(seen).toEqual(['1', '1']);
    await queue.add([event('2', '2', NOW)]);
    await clock.pass(SECOND);
    clock.step(-step);
    await queue.add([event('3', '3', NOW)]);
    await clock.pass(SECOND);
    for (const id of ['1', '2', '3']) await expect(state(id)).resolves.toBe('done');
    expect(log()).toMatch(/"level":"warn".*clock of this machine has stepped/);
  });

  it('may be a day ahead from the start: events that seem a day old are handled, and it is said', async () => {
    const { started, seen, log } = await makeQueue();
    await started([event('1', '1', NOW - 24 * HOUR), event('2', '2', NOW - 48 * HOUR)]);
    expect(seen).toEqual(['1', '2']);
    expect(log()).toContain('the clock of this machine is probably wrong');
    expect(log().split('probably wrong')).toHaveLength(2);
  });

  it('may be days ahead from the start, where another machine’s dates the events: they are handled', async () => {
    const { queue, clock, seen, settle } = await makeQueue({ breakStore: (store) => ({ ...store, now: () => NOW }) });
    await queue.add([event('1')]);
    await clock.pass(30 * HOUR);
    queue.start();
    await settle();
    expect(seen).toEqual(['1']);
  });

  it('may be behind at the next start: what waits is tried at once', async () => {
    const folder = temporaryFolder();
    const before = await makeQueue({ folder });
    before.on(() => retry);
    await before.started([event('1')]);
    await before.queue.stop();
    const after = await makeQueue({ folder });
    after.clock.step(-HOUR);
    after.queue.start();
    await after.settle();
    expect(after.seen).toEqual(['1']);
  });
});

describe('the time that is trusted', () => {
  const DAY = 24 * HOUR;
  const trusted = () => {
    const other = fakeClock(NOW);
    const clock = { ...other, monotonic: () => other.monotonic() + 5 * HOUR }; // the machine runs for some time
    const lines: string[] = [];
    const time = createTrustedTime(clock, pino({}, { write: (line) => void lines.push(line) }), () => clock.now());
    return { clock, time, said: (text: string) => lines.filter((line) => line.includes(text)).length };
  };

  it.each([
    ['a small correction', 59_999, 0, 59_999],
    ['a small correction back', -59_999, 0, -59_999],
    ['a step ahead', 60_000, 1, 0],
    ['a step back', -60_000, 1, -60_000],
  ])('follows %s of %d ms or says so', (_what, step, times, followed) => {
    const { clock, time, said } = trusted();
    clock.step(step);
    expect(time.now()).toBe(NOW + followed);
    expect(time.now()).toBe(NOW + followed);
    expect(said('has stepped')).toBe(times);
  });

  it('is not the one of a clock that has stepped ahead before it has stayed there for 24 hours', async () => {
    const { clock, time, said } = trusted();
    clock.step(365 * DAY);
    time.now();
    await clock.pass(DAY - 1);
    expect(time.now()).toBe(NOW + DAY - 1);
    clock.step(1_000); // a correction meanwhile is no new step
    await clock.pass(1);
    expect(time.now()).toBe(NOW + 366 * DAY + 1_000);
    expect(said('has stepped')).toBe(1);
  });

  it('goes on with a clock that has stepped back where it was', () => {
    const { clock, time } = trusted();
    clock.step(DAY);
    time.now();
    clock.step(-DAY);
    expect(time.now()).toBe(NOW);
    clock.step(5);
    expect(time.now()).toBe(NOW + 5);
  });

  const arrived = (late: number, retriedAt?: number) =>
    ({ timestamp: NOW - late, receivedAt: NOW, ...(retriedAt !== undefined && { retriedAt }) }) as StoredEvent;

  it.each([
    ['as it happens', 0, DAY],
    ['up to 12 hours late', 12 * HOUR, 12 * HOUR],
    ['later still, which is not believed', 12 * HOUR + 1, DAY],
    ['from the future', -HOUR, DAY],
  ])('ends the window of an event that arrives %s', async (_what, late, left) => {
    const { clock, time } = trusted();
    await clock.pass(left);
    expect(time.isOver(arrived(late))).toBe(false);
    await clock.pass(1);
    expect(time.isOver(arrived(late))).toBe(true);
  });

  it('does not take an arrival that a slow clock has dated for the beginning of the window, once the clock is right', async () => {
    const { clock } = trusted();
    const dated = arrived(-30 * HOUR); // by a clock that was 30 hours behind
    clock.step(30 * HOUR);
    const after = createTrustedTime(clock, pino({ enabled: false }), () => clock.now()); // of the bot that was started again
    expect(after.isOver(dated)).toBe(false);
    await clock.pass(DAY);
    expect(after.isOver(dated)).toBe(false);
    await clock.pass(1);
    expect(after.isOver(dated)).toBe(true);
  });

  it('gives an event that was put back its 24 hours anew', async () => {
    const { clock, time } = trusted();
    await clock.pass(3 * DAY);
    expect(time.isOver(arrived(0, NOW + 2 * DAY))).toBe(false);
    await clock.pass(1);
    expect(time.isOver(arrived(0, NOW + 2 * DAY))).toBe(true);
  });

  it('is said to be doubtful once an hour at most, and only for what arrives more than 12 hours late', async () => {
    const { clock, time, said } = trusted();
    time.isOver(arrived(12 * HOUR));
    expect(said('probably wrong')).toBe(0);
    const late = arrived(12 * HOUR + 1);
    time.isOver(late);
    await clock.pass(HOUR - 1);
    time.isOver(late);
    expect(said('probably wrong')).toBe(1);
    await clock.pass(1);
    time.isOver(late);
    expect(said('probably wrong')).toBe(2);
    expect(said(`"lateMs":${String(12 * HOUR + 1)}`)).toBe(2);
  });
});

describe('24 hours', () => {
  it('after it happened an event is set aside without being handled, but not what a person has put back', async () => {
    const { started, on, seen, store, clock, log, queue } = await makeQueue();
    on(() => hold);
    await started([event('1', '1', NOW - HOUR), event('2', '2', NOW)]);
    await clock.pass(2 * MINUTE);
    on(() => done);
    await clock.leap(23 * HOUR);
    await clock.pass(MINUTE);
    await expect(store.get('1')).resolves.toMatchObject({
      state: 'set_aside',
      reason: expect.stringContaining('24 hours') as string,
    });
    expect(seen.at(-1)).toBe('2');
    expect(log()).toMatch(/"level":"warn".*event set aside/);
    await store.retry('1');
    await clock.pass(SECOND);
    await queue.idle();
    expect(seen.at(-1)).toBe('1');
  });

  it('count from the arrival of an event that is dated in the future', async () => {
    const { started, on, store, clock } = await makeQueue();
    on(() => retry);
    await started([event('1', '1', NOW + 30 * 24 * HOUR)]);
    await clock.leap(24 * HOUR + 1);
    await clock.pass(5 * MINUTE);
    await expect(store.get('1')).resolves.toMatchObject({ state: 'set_aside' });
  });
});
