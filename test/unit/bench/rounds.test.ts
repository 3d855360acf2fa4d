import { acceptRate, inTurns, missing, perRound, processorPerEvent } from '../../../bench/rounds';
import type { Bench, Run } from '../../../bench/bench';

describe('the rate at which POSTs are answered', () => {
  it('counts from the first one sent to the last one answered', () => {
    expect(acceptRate({ sentAt: [1_000, 1_000, 1_500, 1_900], ackMs: [10, 20, 30, 100] })).toBe(4);
  });

  it('finds both, wherever they stand', () => {
    expect(acceptRate({ sentAt: [1_200, 1_000, 1_500], ackMs: [10, 2_000, 10] })).toBe(1.5);
  });
});

describe('what a run cost', () => {
  const run: Run = {
    events: 4,
    sentAt: [0, 0, 0, 0],
    ackMs: [1, 1, 1, 1],
    refused: 0,
    firstRefusal: '',
    processorBefore: 100,
    processorAfter: 104,
    processorAtEnd: 108,
    arrivedAt: [1, undefined, 3, undefined],
  };

  it('is counted to the end, for each event', () => {
    expect(processorPerEvent(run)).toBe(2);
  });

  it('comes with the messages that are missing', () => {
    expect(missing(run)).toBe(2);
  });

  it('is divided round by round', () => {
    expect(perRound([2, 9], [1, 3])).toEqual([2, 3]);
    expect(perRound([2], [])).toEqual([NaN]);
  });
});

describe('turns', () => {
  it('are taken one after another, so that all meet the same', async () => {
    const order: string[] = [];
    const bench = { size: { rounds: 2, scale: 1, warmUp: 0 }, say: () => undefined } as unknown as Bench;
    const measured = await inTurns(bench, ['a', 'b'], (name) => Promise.resolve(order.push(name)));
    expect(order).toEqual(['a', 'b', 'a', 'b']);
    expect(measured).toEqual({ a: [1, 3], b: [2, 4] });
  });
});
