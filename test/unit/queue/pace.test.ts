import { setMaxListeners } from 'node:events';
import { createPace } from '../../../src/queue/pace';
import { HeldBackError } from '../../../src/queue/verdict';
import { fakeClock, type FakeClock } from '../../support/fake-clock';

const never = new AbortController().signal;
setMaxListeners(0, never);

function paced(perSecond: number, clock: FakeClock) {
  const pace = createPace(perSecond, clock);
  const sent: number[] = [];
  const send = (times = 1, signal = never) => {
    for (let n = 0; n < times; n += 1)
      void pace.turn(signal).then(
        () => sent.push(clock.monotonic()),
        () => undefined,
      );
  };
  return { pace, sent, send };
}

const worstSecond = (sent: readonly number[]) =>
  Math.max(...sent.map((at) => sent.filter((other) => other >= at && other < at + 1_000).length));

describe('a pace', () => {
  it('lets so many a second out, evenly, in order', async () => {
    const clock = fakeClock(0);
    const { sent, send } = paced(40, clock);
    send(100);
    await clock.pass(999);
    expect(sent).toEqual(Array.from({ length: 40 }, (_, n) => n * 25));
    await clock.pass(10_000);
    expect(sent).toHaveLength(100);
  });

  it('does not make up for a pause with a burst', async () => {
    const clock = fakeClock(0);
    const { sent, send } = paced(10, clock);
    send();
    await clock.pass(60_000);
    send(3);
    await clock.pass(1_000);
    expect(sent).toEqual([0, 60_000, 60_100, 60_200]);
  });

  it.each([1, 40, 300])(
    'keeps %d a second within 1 %% although timers fire late, and never exceeds it',
    async (rate) => {
      const clock = fakeClock(0);
      let n = 0;
      const late = { ...clock, after: (ms: number, done: () => void) => clock.after(ms + (n++ % 3), done) };
      const { sent, send } = paced(rate, late);
      send(rate * 30);
      await clock.pass(20_000);
      expect(sent.length).toBeGreaterThanOrEqual(Math.floor(rate * 20 * 0.99));
      expect(worstSecond(sent)).toBeLessThanOrEqual(rate);
    },
  );

  it('makes up for a moment in which the process was busy, without exceeding any second', async () => {
    const clock = fakeClock(0);
    const { sent, send } = paced(100, clock);
    send(400);
    await clock.pass(500);
    const busy = clock.leap(200);
    send(); // whoever joins the line now does not cost the others what they have lost
    await busy;
    await clock.pass(1_300);
    expect(sent.length).toBeGreaterThanOrEqual(198);
    const gaps = sent.slice(1).map((at, n) => at - Number(sent[n]));
    expect(Math.min(...gaps)).toBe(5); // at double the pace
    expect(worstSecond(sent)).toBeLessThanOrEqual(100);
  });

  it('gives up a place in the line without losing time', async () => {
    const clock = fakeClock(0);
    const { pace, sent, send } = paced(1, clock);
    const ending = new AbortController();
    send(1);
    send(5, ending.signal);
    send(1);
    expect(pace.waiting).toBe(6);
    ending.abort();
    expect(pace.waiting).toBe(1);
    await clock.pass(1_000);
    expect(sent).toEqual([0, 1_000]);
    await expect(pace.turn(ending.signal)).rejects.toThrow(HeldBackError);
  });
});
