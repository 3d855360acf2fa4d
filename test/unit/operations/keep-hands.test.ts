import { createHumanHands } from '../../../src/operations/human-hands';
import { createHandsKeeper } from '../../../src/operations/keep-hands';
import { fakeClock } from '../../support/fake-clock';

const NOW = 1_795_384_800_000;

function keeper(kept: readonly (readonly [string, string])[] = []) {
  const clock = fakeClock(NOW);
  const hands = createHumanHands();
  const notes: Record<string, string | undefined>[] = [];
  const store = {
    keepNotes: (some: ReadonlyMap<string, string | undefined>) => void notes.push(Object.fromEntries(some)),
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
      { a: JSON.stringify({ at: NOW, since: NOW, personAt: NOW }) },
      { a: undefined, b: JSON.stringify({ at: NOW, since: NOW, personAt: NOW }) },
    ]);
    it.stop();
  });

  it('keeps what has changed last when it is stopped, and nothing after that', async () => {
    const { clock, hands, notes, keeper: it } = keeper();
    await it.start();
    hands.humanWrote('a', NOW);
    it.stop();
    expect(notes).toEqual([{ a: JSON.stringify({ at: NOW, since: NOW, personAt: NOW, humanAt: NOW }) }]);
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

  it('goes on with what was kept, and passes over what cannot be read', async () => {
    const { hands, keeper: it } = keeper([
      ['a', `{"at":${NOW},"since":${NOW},"personAt":${NOW}}`],
      ['b', `{"at":${NOW},"since":${NOW},"personAt":${NOW},"humanAt":${NOW}}`],
      ['c', 'no JSON'],
      ['d', '{"since":"yesterday"}'],
    ]);
    await it.start();
    it.stop();
    expect(hands.figures(NOW)).toMatchObject({ held: 2, unanswered: { count: 1, since: NOW } });
  });
});
