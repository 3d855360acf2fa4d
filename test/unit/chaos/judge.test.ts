import { judge, unexplained, type CarriedOut, type Kill } from '../../chaos/judge';

const script = ['welcome', 'passing', '/pass_thread_control', 'passedBack'];
const judgeCalls = (calls: readonly string[], kills: readonly Kill[] = [], at = (index: number) => index * 100) =>
  judge(
    new Map([['a', script]]),
    calls.map((what, index): CarriedOut => ({ conversation: 'a', what, at: at(index) })),
    kills,
  );

describe('the judge of the chaos run', () => {
  const noneDoubled = { doubledByKill: 0, longestUnnotedMs: 0, doubledBySilence: 0, doubledOtherwise: 0 };
  const fine = { expected: 4, lost: 0, outOfOrder: 0, ...noneDoubled };

  it('finds nothing wrong with a perfect run', () => {
    expect(judgeCalls(script)).toEqual(fine);
  });

  it('finds what is lost, at the end, in the middle, and altogether', () => {
    expect(judgeCalls(script.slice(0, 3))).toMatchObject({ lost: 1 });
    expect(judgeCalls(['welcome', '/pass_thread_control', 'passedBack'])).toMatchObject({ lost: 1, outOfOrder: 2 });
    expect(judgeCalls([])).toMatchObject({ lost: 4 });
  });

  it('finds what is out of order', () => {
    expect(judgeCalls(['welcome', '/pass_thread_control', 'passing', 'passedBack'])).toMatchObject({
      lost: 0,
      outOfOrder: 2,
    });
  });

  it('forgives a double only where a kill fell between the two, right after the first', () => {
    const doubled = ['welcome', 'passing', 'passing', '/pass_thread_control', 'passedBack'];
    expect(judgeCalls(doubled, [{ from: 150, to: 160 }])).toEqual({ ...fine, doubledByKill: 1, longestUnnotedMs: 50 });
    expect(judgeCalls(doubled, [{ from: 90, to: 160 }])).toEqual({ ...fine, doubledByKill: 1 });
    expect(judgeCalls(doubled, [])).toEqual({ ...fine, doubledOtherwise: 1 });
    expect(judgeCalls(doubled, [{ from: 50, to: 60 }])).toEqual({ ...fine, doubledOtherwise: 1 });
    expect(judgeCalls(doubled, [{ from: 3_500, to: 3_600 }], (index) => index * 2_000)).toEqual({
      ...fine,
      doubledOtherwise: 1,
    });
  });

  it('explains a double by the silence after the first', () => {
    const calls = [
      { conversation: 'a', what: 'welcome', at: 1, isSilent: true },
      ...script.map((what, index) => ({ conversation: 'a', what, at: 2 + index })),
    ];
    expect(judge(new Map([['a', script]]), calls, [])).toEqual({ ...fine, doubledBySilence: 1 });
  });

  it('explains a double by a kill while the answer was still on its way', () => {
    const calls = script.map((what, index): CarriedOut => ({ conversation: 'a', what, at: 3_000 + index }));
    const slow = (answeredAt: number): CarriedOut => ({ conversation: 'a', what: 'welcome', at: 1, answeredAt });
    const kills = [{ from: 1_500, to: 1_510 }];
    expect(judge(new Map([['a', script]]), [slow(2_000), ...calls], kills)).toEqual({ ...fine, doubledByKill: 1 });
    expect(judge(new Map([['a', script]]), [slow(500), ...calls], kills)).toEqual({ ...fine, doubledOtherwise: 1 });
  });

  it('forgives a double only to the kill of the server that made the first call', () => {
    const first: CarriedOut = { conversation: 'a', what: 'welcome', at: 100, answeredAt: 120, instance: 1 };
    const calls = [
      first,
      ...script.map((what, n): CarriedOut => ({ conversation: 'a', what, at: 20_500 + n, instance: 2 })),
    ];
    const killOf = (instance: number): Kill[] => [{ from: 150, to: 160, instance }];
    expect(judge(new Map([['a', script]]), calls, killOf(1))).toMatchObject({ doubledByKill: 1, doubledOtherwise: 0 });
    expect(judge(new Map([['a', script]]), calls, killOf(2))).toMatchObject({ doubledByKill: 0, doubledOtherwise: 1 });
    expect(unexplained(calls, killOf(1))).toEqual([]);
    expect(unexplained(calls, killOf(2))).toEqual([{ first, again: calls[1] }]);
  });

  it('finds what a server repeats that slept while another one went on', () => {
    const made = (what: string, at: number, instance: number): CarriedOut => ({
      conversation: 'a',
      what,
      at,
      instance,
    });
    const taken = [made('welcome', 10, 1), made('passing', 20_100, 2), made('/pass_thread_control', 20_200, 2)];
    const asleep = [{ from: 100, to: 100, instance: 1 }];
    const rest = made('passedBack', 26_000, 2);
    const repeats = (what: string) => judge(new Map([['a', script]]), [...taken, made(what, 25_100, 1), rest], asleep);
    expect(repeats('/pass_thread_control')).toMatchObject({ doubledOtherwise: 1 });
    expect(repeats('passing')).toMatchObject({ outOfOrder: 1 });
    expect(judge(new Map([['a', script]]), [...taken, rest], asleep)).toEqual(fine);
  });
});
