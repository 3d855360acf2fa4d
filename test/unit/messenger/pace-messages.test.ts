import { paceMessages } from '../../../src/messenger/pace-messages';
import { fakeClock, type FakeClock } from '../../support/fake-clock';

function paced(perSecond: number, clock: FakeClock) {
  const sent: [path: string, at: number][] = [];
  const record = (path: string) => {
    sent.push([path, clock.now()]);
    return Promise.resolve({});
  };
  const graph = paceMessages({ call: record, get: record }, perSecond, clock);
  const send = (path: string, times = 1) => {
    for (let n = 0; n < times; n += 1) void graph.call(path, {});
  };
  return { sent, graph, send };
}

describe('paceMessages', () => {
  it('sends at most so many messages a second, evenly, in order', async () => {
    const clock = fakeClock(0);
    const { sent, send } = paced(40, clock);
    send('/messages', 100);
    await clock.pass(999);
    expect(sent.map(([, at]) => at)).toEqual(Array.from({ length: 40 }, (_, n) => n * 25));
    await clock.pass(10_000);
    expect(sent).toHaveLength(100);
  });

  it('does not make up for a pause with a burst', async () => {
    const clock = fakeClock(0);
    const { sent, send } = paced(10, clock);
    send('/messages');
    await clock.pass(60_000);
    send('/messages', 3);
    await clock.pass(1_000);
    expect(sent.map(([, at]) => at)).toEqual([0, 60_000, 60_100, 60_200]);
  });

  it('does not hold back thread control and questions behind messages', async () => {
    const clock = fakeClock(0);
    const { sent, send, graph } = paced(1, clock);
    send('/messages', 5);
    send('/pass_thread_control');
    void graph.get('/thread_owner', {});
    await clock.pass(0);
    expect(sent.map(([path]) => path).sort()).toEqual(['/messages', '/pass_thread_control', '/thread_owner']);
  });

  it('keeps the distance also when timers fire early', async () => {
    const clock = fakeClock(0);
    const early = {
      ...clock,
      after: (ms: number, callback: () => void) => clock.after(ms > 2 ? ms - 1 : ms, callback),
    };
    const { sent, send } = paced(40, { ...early, pass: (ms) => clock.pass(ms) });
    send('/messages', 3);
    await clock.pass(1_000);
    expect(sent.map(([, at]) => at)).toEqual([0, 25, 50]);
  });
});
