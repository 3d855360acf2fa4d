import { createHumanHands } from '../../../src/operations/human-hands';
import { createHandsKeeper } from '../../../src/operations/keep-hands';
import { fakeClock } from '../../support/fake-clock';

const NOW = 1_795_384_800_000;

type Changed = ReadonlyMap<string, string | undefined>;

function keeper(
  kept: readonly (readonly [string, string])[] = [],
  changedNotes: () => Promise<Changed> = () => Promise.resolve(new Map()),
) {
  const clock = fakeClock(NOW);
  const hands = createHumanHands();
  const notes: Record<string, string | undefined>[] = [];
  const store = {
    keepNotes: (some: ReadonlyMap<string, string | undefined>) => void notes.push(Object.fromEntries(some)),
    changedNotes,
    async *keptNotes() {
      await Promise.resolve();
      yield* kept;
    },
  };
  return { clock, hands, notes, keeper: createHandsKeeper(hands, store, clock) };
}

describe('keeping who has which conversation', () => {
  it('keeps what changes within a tenth of a second, and nothing where nothing does', async () => {
    const { clock, hands, notes, keeper: it } = keeper();
    await it.start();
    await clock.pass(5_000);
    expect(notes).toEqual([]);
    hands.handedOver('a', NOW);
    await clock.pass(100);
    hands.handedBack('a', NOW + 1);
    hands.handedOver('b', NOW);
    await clock.pass(100);
    expect(notes).toEqual([
      { a: JSON.stringify({ signs: [[NOW + 1, NOW]], personAt: NOW }) },
      {
        a: JSON.stringify({ returnedAt: NOW + 1, signs: [] }),
        b: JSON.stringify({ signs: [[NOW + 1, NOW]], personAt: NOW }),
      },
    ]);
    it.stop();
  });

  it('keeps what has changed last when it is stopped, and nothing after that', async () => {
    const { clock, hands, notes, keeper: it } = keeper();
    await it.start();
    hands.humanWrote('a', NOW);
    it.stop();
    expect(notes).toEqual([{ a: JSON.stringify({ signs: [[NOW, NOW]], humanAt: NOW }) }]);
    hands.humanWrote('a', NOW + 1);
    await clock.pass(5_000);
    expect(notes).toHaveLength(1);
  });

  it('reads no further once it is stopped: the store is about to be closed', async () => {
    const { hands, keeper: it } = keeper([
      ['a', `{"at":${NOW},"since":${NOW},"personAt":${NOW}}`],
      ['b', `{"at":${NOW},"since":${NOW},"personAt":${NOW}}`],
    ]);
    const starting = it.start();
    it.stop();
    await starting;
    expect(hands.figures(NOW).held).toBe(0);
  });

  it('has nothing to stop before it has begun', () => {
    const { notes, keeper: it } = keeper();
    it.stop();
    expect(notes).toEqual([]);
  });

  it('goes on with what was kept, also by a bot of before, and passes over what cannot be read', async () => {
    const { hands, keeper: it } = keeper([
      ['a', `{"at":${NOW},"since":${NOW},"personAt":${NOW}}`],
      ['b', `{"at":${NOW},"since":${NOW},"personAt":${NOW},"humanAt":${NOW}}`],
      ['c', 'no JSON'],
      ['d', '{"since":"yesterday"}'],
      ['e', `{"signs":[[${NOW},${NOW + 1}]]}`],
      ['f', `{"signs":[],"returnedAt":${NOW}}`],
    ]);
    await it.start();
    it.stop();
    expect(hands.figures(NOW)).toMatchObject({ held: 3, unanswered: { count: 2, since: NOW } });
    expect(hands.personWrote('f', NOW)).toBe(false);
  });

  it('learns once a second what other bots have kept, and goes on where the store cannot tell', async () => {
    const answers: (Changed | undefined)[] = [
      new Map(),
      new Map([['a', JSON.stringify({ signs: [[NOW, NOW]] })]]),
      undefined,
      new Map([['a', JSON.stringify({ signs: [], returnedAt: NOW })]]),
    ];
    const ask = jest.fn(() => {
      const answer = answers.shift();
      return answer ? Promise.resolve(answer) : Promise.reject(new Error('away'));
    });
    const { clock, hands, notes, keeper: it } = keeper([], ask);
    await it.start();
    await clock.pass(999);
    expect(hands.figures(NOW).held).toBe(0);
    await clock.pass(1);
    expect(hands.figures(NOW).held).toBe(1);
    await clock.pass(2_000);
    expect(hands.figures(NOW).held).toBe(0);
    it.stop();
    const asked = ask.mock.calls.length;
    await clock.pass(5_000);
    expect(ask.mock.calls.length).toBe(asked);
    expect(notes).toEqual([]);
  });

  it('keeps anew what another bot has forgotten', async () => {
    const forgotten = new Map([['a', undefined]]);
    const { clock, hands, notes, keeper: it } = keeper([], () => Promise.resolve(forgotten));
    await it.start();
    hands.humanWrote('a', NOW);
    await clock.pass(1_100);
    it.stop();
    expect(notes.map((some) => Object.keys(some))).toEqual([['a'], ['a']]);
  });

  it('takes no heed of what it learns while it is being stopped', async () => {
    const {
      clock,
      hands,
      keeper: it,
    } = keeper([], () => Promise.resolve(new Map([['a', JSON.stringify({ signs: [[NOW, NOW]] })]])));
    const starting = it.start();
    it.stop();
    await starting;
    await clock.pass(5_000);
    expect(hands.figures(NOW).held).toBe(0);
  });
});
