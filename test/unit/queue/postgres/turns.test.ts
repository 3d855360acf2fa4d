import { setMaxListeners } from 'node:events';
import { createDatabaseClock } from '../../../../src/queue/postgres/database-clock';
import { createTurns } from '../../../../src/queue/postgres/turns';
import { HeldBackError } from '../../../../src/queue/verdict';
import { fakeClock, type FakeClock } from '../../../support/fake-clock';

const never = new AbortController().signal;
setMaxListeners(0, never);

/** The clock of sends, as the database has it, for instances whose clocks start at different times. */
function makeShared(perSecond: number) {
  let nextAt = -Infinity;
  let fails = false;
  let reserved = 0;
  const instance = (clock: FakeClock, begins: number) => {
    const at = () => clock.monotonic() + begins;
    const time = createDatabaseClock(clock);
    time.observe(clock.monotonic(), at());
    const pace = createTurns({
      ...{ clock, time, perSecond },
      reserve: (turns, spacing) => {
        if (fails) return Promise.reject(new Error('away'));
        const first = Math.max(nextAt, at());
        nextAt = first + turns * spacing;
        reserved += 1;
        return Promise.resolve(first);
      },
    });
    return { pace, at };
  };
  return {
    instance,
    reserved: () => reserved,
    fail: (does: boolean) => {
      fails = does;
    },
  };
}

/** The most that left within any one second. */
function mostInASecond(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 1_000).length));
}

describe('turns that instances share', () => {
  it('let one message out at once, and the next ones evenly', async () => {
    const clock = fakeClock(0);
    const { pace, at } = makeShared(40).instance(clock, 5_000);
    const times: number[] = [];
    for (let n = 0; n < 5; n += 1) void pace.turn(never).then(() => times.push(at()));
    await clock.pass(0);
    expect(times).toEqual([5_000]);
    expect(pace.waiting).toBe(4);
    await clock.pass(1_000);
    expect(times).toEqual([5_000, 5_025, 5_050, 5_075, 5_100]);
  });

  it('tell how long a message has waited', async () => {
    const clock = fakeClock(0);
    const { pace } = makeShared(10).instance(clock, 0);
    const waits = [pace.turn(never), pace.turn(never)];
    await clock.pass(1_000);
    await expect(Promise.all(waits)).resolves.toEqual([0, 100]);
  });

  it.each([1, 40, 300])(
    'never let more than %d a second and one more out, and no fewer, over three instances',
    async (rate) => {
      const shared = makeShared(rate);
      const clock = fakeClock(0);
      const instances = [0, 1, 2].map(() => shared.instance(clock, 7));
      const times: number[] = [];
      const count = Math.ceil(rate * 4);
      for (const { pace, at } of instances)
        for (let n = 0; n < count; n += 1) void pace.turn(never).then(() => times.push(at()));
      await clock.pass(10_000);
      expect(mostInASecond(times)).toBeLessThanOrEqual(rate + 1);
      expect(times.filter((at) => at < 10_007).length).toBeGreaterThanOrEqual(Math.min(3 * count, 10 * rate - 1));
      expect(shared.reserved()).toBeLessThanOrEqual(Math.ceil(times.length / Math.max(1, rate / 5 - 1)) + 15);
    },
  );

  it('are taken anew by a message that comes too late for its own', async () => {
    const shared = makeShared(40);
    const [slow, quick] = [fakeClock(0), fakeClock(0)];
    const [a, b] = [shared.instance(slow, 0), shared.instance(quick, 0)];
    const times: number[] = [];
    for (let n = 0; n < 8; n += 1) void a.pace.turn(never).then(() => times.push(a.at()));
    await slow.pass(0);
    for (let n = 0; n < 60; n += 1) void b.pace.turn(never).then(() => times.push(b.at()));
    await quick.pass(1_000);
    await slow.leap(1_000); // it stood still
    for (let ms = 0; ms < 1_000; ms += 5) {
      await slow.pass(5);
      await quick.pass(5);
    }
    expect(mostInASecond(times)).toBeLessThanOrEqual(41);
    expect(times).toHaveLength(68);
  });

  it('are given up by whoever is told to', async () => {
    const clock = fakeClock(0);
    const { pace } = makeShared(1).instance(clock, 0);
    const stopping = new AbortController();
    await pace.turn(stopping.signal);
    const waiting = pace.turn(stopping.signal);
    await clock.pass(10);
    stopping.abort();
    await expect(waiting).rejects.toThrow(HeldBackError);
    await expect(pace.turn(stopping.signal)).rejects.toThrow(HeldBackError);
    expect(pace.waiting).toBe(0);
  });

  it('are waited for while the database is away', async () => {
    const clock = fakeClock(0);
    const shared = makeShared(40);
    const { pace } = shared.instance(clock, 0);
    shared.fail(true);
    const waiting = pace.turn(never);
    await clock.pass(2_500);
    shared.fail(false);
    await clock.pass(500);
    await expect(waiting).resolves.toBe(3_000);
  });
});

describe("the database's clock, as it is known here", () => {
  it('is this machine’s until something is known', () => {
    expect(createDatabaseClock(fakeClock(1_000)).now()).toBe(1_000);
  });

  it('is told best by the quickest answer', async () => {
    const clock = fakeClock(0);
    const time = createDatabaseClock(clock);
    const ask = async (ms: number, answer: number) => {
      const askedAt = clock.monotonic();
      await clock.pass(ms);
      time.observe(askedAt, answer);
    };
    await ask(2, 10_001);
    expect(time.now()).toBe(10_002);
    await ask(100, 10_003); // it was quick there and long on its way back, which nobody can tell
    expect(time.now()).toBe(10_102);
  });

  it('is steady as long as it does not step, and what was thought before anything was known is no step', async () => {
    const clock = fakeClock(0);
    const time = createDatabaseClock(clock);
    time.observe(0, 7_000_000);
    expect(time.steadyForMs()).toBe(Infinity);
    time.observe(0, 7_005_000);
    time.observe(0, 7_000_000);
    expect(time.steadyForMs()).toBe(Infinity);
    time.observe(0, 7_005_001);
    await clock.pass(10);
    expect(time.steadyForMs()).toBe(10);
    time.observe(10, 7_000_000);
    expect(time.steadyForMs()).toBe(0);
  });

  it('is found out anew where it must be wrong, and after half a minute', async () => {
    const clock = fakeClock(0);
    const time = createDatabaseClock(clock);
    time.observe(0, 10_000);
    time.observe(0, 60_000);
    expect(time.now()).toBe(60_000);
    await clock.pass(100);
    time.observe(0, 60_030);
    expect(time.now()).toBe(60_100);
    await clock.pass(30_000);
    time.observe(30_000, 90_030);
    expect(time.now()).toBe(90_080);
  });
});
