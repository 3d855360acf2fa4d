import fc from 'fast-check';
import { createHumanHands, type HumanHands } from '../../../src/operations/human-hands';
import type { Traces } from '../../../src/operations/traces';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = 1_795_384_800_000;
const nobody = { count: 0, since: undefined };

describe('conversations that humans have', () => {
  it('are counted from the handover until they come back, and each change is news once', () => {
    const hands = createHumanHands();
    expect(hands.figures(NOW).held).toBe(0);
    expect(hands.handedOver('a', NOW)).toBe(true);
    expect(hands.handedOver('a', NOW)).toBe(false);
    expect(hands.handedOver('b', NOW)).toBe(true);
    expect(hands.figures(NOW).held).toBe(2);
    expect(hands.handedBack('a', NOW + 1)).toBe(true);
    expect(hands.handedBack('a', NOW + 1)).toBe(false);
    expect(hands.figures(NOW).held).toBe(1);
  });

  it('do not come back where nobody had them: that is no news, and nothing to keep', () => {
    const hands = createHumanHands();
    expect(hands.handedBack('a', NOW)).toBe(false);
    expect(hands.changes().size).toBe(0);
  });

  it('are found by what people and humans do in them, too', () => {
    const hands = createHumanHands();
    expect(hands.personWrote('a', NOW)).toBe(true);
    expect(hands.personWrote('a', NOW + 1)).toBe(false);
    expect(hands.humanWrote('b', NOW)).toBe(true);
    expect(hands.humanWrote('b', NOW + 1)).toBe(false);
    expect(hands.figures(NOW).held).toBe(2);
  });

  it('are let go 24 hours after the person last wrote', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    hands.personWrote('a', NOW + HOUR);
    hands.humanWrote('a', NOW + 20 * HOUR);
    expect(hands.figures(NOW + 25 * HOUR).held).toBe(1);
    hands.changes();
    expect(hands.figures(NOW + 25 * HOUR + 1).held).toBe(0);
    expect([...hands.changes()]).toEqual([]);
  });

  it('are remembered for a week after that: a clock that is wrong for a while makes nobody forgotten', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    expect(hands.figures(NOW + 7 * 24 * HOUR).held).toBe(0);
    expect(hands.figures(NOW + HOUR)).toMatchObject({ held: 1, unanswered: { count: 1 } });
    hands.changes();
    hands.figures(NOW + 7 * 24 * HOUR + 1);
    expect([...hands.changes()]).toEqual([['a', undefined]]);
    expect(hands.figures(NOW + HOUR).held).toBe(0);
  });

  it('are followed up to a bound: those are let go in which nothing has happened for the longest time', () => {
    const hands = createHumanHands();
    for (let n = 0; n < 200_000; n += 1) hands.handedOver(`c${n}`, NOW + n);
    hands.personWrote('c0', NOW + 300_000);
    hands.handedOver('one more', NOW + 300_001);
    expect(hands.figures(NOW + 300_001).held).toBe(200_000);
    expect(hands.personWrote('c0', NOW + 300_002)).toBe(false);
    expect(hands.personWrote('c1', NOW + 300_002)).toBe(true);
  });
});

describe('whoever waits for a human', () => {
  it('is counted, with the one who waits longest, until a human has written', () => {
    const hands = createHumanHands();
    expect(hands.figures(NOW).unanswered).toEqual(nobody);
    hands.handedOver('a', NOW + MINUTE);
    hands.handedOver('b', NOW);
    hands.handedOver('c', NOW + 2 * MINUTE);
    expect(hands.figures(NOW).unanswered).toEqual({ count: 3, since: NOW });
    expect(hands.longestUnanswered(NOW, 2)).toEqual([
      { conversation: 'b', since: NOW },
      { conversation: 'a', since: NOW + MINUTE },
    ]);
    hands.humanWrote('b', NOW + 3 * MINUTE);
    expect(hands.figures(NOW).unanswered).toEqual({ count: 2, since: NOW + MINUTE });
    expect(hands.longestUnanswered(NOW, 9).map(({ conversation }) => conversation)).toEqual(['a', 'c']);
  });

  it('counts as answered even when the person goes on writing, but the last word is then the person’s', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    expect(hands.figures(NOW).lastWordIsThePersons).toEqual({ count: 1, since: NOW });
    hands.humanWrote('a', NOW + MINUTE);
    expect(hands.figures(NOW)).toEqual({ held: 1, unanswered: nobody, lastWordIsThePersons: nobody });
    hands.personWrote('a', NOW + 2 * MINUTE);
    expect(hands.figures(NOW)).toEqual({
      held: 1,
      unanswered: nobody,
      lastWordIsThePersons: { count: 1, since: NOW + 2 * MINUTE },
    });
    expect(hands.longestUnanswered(NOW, 9)).toEqual([]);
  });

  it('waits since the tap, however late control was passed for it', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW + 10 * MINUTE, NOW);
    expect(hands.figures(NOW + 10 * MINUTE).unanswered).toEqual({ count: 1, since: NOW });
    expect(hands.handedBack('a', NOW + 5 * MINUTE)).toBe(false);
  });

  it('waits anew with each handover', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    hands.humanWrote('a', NOW + 1);
    hands.handedBack('a', NOW + 2);
    hands.handedOver('a', NOW + 3);
    expect(hands.figures(NOW + 3).unanswered).toEqual({ count: 1, since: NOW + 3 });
  });

  it('is not shown any more when control has ended', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    expect(hands.longestUnanswered(NOW + 25 * HOUR, 9)).toEqual([]);
  });
});

describe('news that come late or twice', () => {
  it('do not undo what has happened since', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    hands.handedBack('a', NOW + 10);
    expect(hands.handedOver('a', NOW + 9)).toBe(false);
    expect(hands.personWrote('a', NOW + 10)).toBe(false);
    expect(hands.humanWrote('a', NOW + 10)).toBe(false);
    expect(hands.figures(NOW).held).toBe(0);
    hands.handedOver('a', NOW + 20);
    expect(hands.handedBack('a', NOW + 19)).toBe(false);
    hands.humanWrote('a', NOW + 30);
    hands.humanWrote('a', NOW + 25);
    hands.personWrote('a', NOW + 28);
    hands.personWrote('a', NOW + 21);
    expect(hands.figures(NOW)).toEqual({ held: 1, unanswered: nobody, lastWordIsThePersons: nobody });
    hands.personWrote('a', NOW + 31);
    expect(hands.figures(NOW).lastWordIsThePersons).toEqual({ count: 1, since: NOW + 31 });
  });

  it('do not make older ones count again', () => {
    const hands = createHumanHands();
    hands.handedBack('a', NOW + 10);
    hands.handedBack('a', NOW + 5);
    expect(hands.handedOver('a', NOW + 7)).toBe(false);
  });

  it('of one moment count alike in whatever order they come: whoever hands over has come back before', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    expect(hands.handedBack('a', NOW)).toBe(false);
    expect(hands.handedBack('a', NOW + 1)).toBe(true);
    hands.handedOver('b', NOW);
    hands.personWrote('b', NOW + 1);
    hands.humanWrote('b', NOW + 1);
    expect(hands.figures(NOW).lastWordIsThePersons).toEqual(nobody);
  });

  it('let a tap hand over the moment after it has shown that the bot has the conversation', () => {
    const hands = createHumanHands();
    hands.handedBack('a', NOW);
    expect(hands.handedOver('a', NOW)).toBe(true);
  });

  it('are known for the 10,000 conversations that came back last', () => {
    const hands = createHumanHands();
    for (let n = 0; n <= 10_000; n += 1) hands.handedBack(`c${n}`, NOW);
    expect(hands.handedOver('c1', NOW - 1)).toBe(false);
    expect(hands.handedOver('c0', NOW - 1)).toBe(true);
  });
});

describe('what is kept', () => {
  it('is what has changed since it was last asked for, a conversation that came back included', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    hands.handedOver('b', NOW);
    hands.humanWrote('a', NOW + 1);
    hands.handedBack('b', NOW + 1);
    expect([...hands.changes()].sort()).toEqual([
      ['a', { signs: [[NOW + 1, NOW]], personAt: NOW, humanAt: NOW + 1 }],
      ['b', { signs: [], returnedAt: NOW + 1 }],
    ]);
    expect(hands.changes().size).toBe(0);
  });

  it('is gone on with, together with what is known already', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW + 5);
    hands.handedBack('b', NOW + 5);
    hands.changes();
    for (const name of ['a', 'b', 'c']) hands.learn(name, { signs: [[NOW, NOW]], personAt: NOW });
    expect(hands.longestUnanswered(NOW, 9)).toEqual([
      { conversation: 'a', since: NOW },
      { conversation: 'c', since: NOW },
    ]);
    expect([...hands.changes()]).toEqual([
      ['a', expect.objectContaining({ signs: [[NOW, NOW], [NOW + 6, NOW + 5]] })], // prettier-ignore
      ['b', { signs: [], returnedAt: NOW + 5 }],
    ]);
  });

  it('is nothing of what others have kept already', () => {
    const hands = createHumanHands();
    hands.learn('a', { signs: [[NOW, NOW]], personAt: NOW });
    hands.learn('b', { signs: [], returnedAt: NOW });
    hands.learn('a', { signs: [[NOW, NOW]], personAt: NOW });
    expect(hands.figures(NOW).held).toBe(1);
    expect(hands.changes().size).toBe(0);
  });

  it('is forgotten of the conversations beyond the 10,000 that came back last, where others were told', () => {
    const hands = createHumanHands();
    hands.handedOver('told', NOW);
    hands.handedBack('told', NOW + 1);
    hands.learn('told by others', { signs: [], returnedAt: NOW });
    hands.changes();
    for (let n = 0; n < 10_000; n += 1) hands.handedBack(`c${n}`, NOW);
    expect([...hands.changes()]).toEqual([
      ['told', undefined],
      ['told by others', undefined],
    ]);
  });

  it('is kept anew where another bot has forgotten what goes on here, but not what is a week old', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    hands.handedBack('b', NOW);
    hands.changes();
    for (const name of ['a', 'b', 'unknown']) hands.learnForgotten(name, NOW + 7 * 24 * HOUR);
    expect([...hands.changes().keys()]).toEqual(['a']);
    hands.learnForgotten('a', NOW + 7 * 24 * HOUR + 1);
    expect(hands.changes().size).toBe(0);
    expect(hands.figures(NOW).held).toBe(0);
  });
});

/** What has happened, as a bot is told of it. */
interface News {
  readonly conversation: string;
  readonly kind: 'handedOver' | 'handedBack' | 'personWrote' | 'humanWrote';
  readonly at: number;
  readonly waited: number;
}

function tell(hands: HumanHands, { conversation, kind, at, waited }: News): void {
  if (kind === 'handedOver') hands.handedOver(conversation, NOW + at, NOW + at - waited);
  else hands[kind](conversation, NOW + at);
}

const seen = (hands: HumanHands) => {
  const unanswered = hands.longestUnanswered(NOW + 100, 9).map(({ conversation, since }) => [conversation, since]);
  return [hands.figures(NOW + 100), unanswered.sort()];
};

describe('several bots, each of which sees a part of the news', () => {
  it('have the same figures, in whatever order and however often the news come, as one that sees all', () => {
    const news = fc.record({
      conversation: fc.constantFrom('a', 'b'),
      kind: fc.constantFrom(
        'handedOver' as const,
        'handedBack' as const,
        'personWrote' as const,
        'humanWrote' as const,
      ),
      at: fc.integer({ min: 0, max: 20 }),
      waited: fc.integer({ min: 0, max: 5 }),
    });
    const steps = fc.array(fc.record({ bot: fc.nat(2), news: fc.nat(11), exchanges: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(news, { minLength: 1, maxLength: 12 }), steps, (all, order) => {
        const signs = (name: string) =>
          all.filter(({ conversation, kind }) => conversation === name && kind !== 'handedBack');
        fc.pre(signs('a').length <= 5 && signs('b').length <= 5);
        const alone = createHumanHands();
        for (const one of all) tell(alone, one);

        const bots = [createHumanHands(), createHumanHands(), createHumanHands()] as const;
        const notes = new Map<string, string>();
        const exchange = (bot: HumanHands): void => {
          for (const [name, traces] of bot.changes()) notes.set(name, JSON.stringify(traces));
          for (const [name, text] of notes) bot.learn(name, JSON.parse(text) as Traces);
        };
        for (const { bot, news: n, exchanges } of order) {
          const one = all[n % all.length];
          if (one) tell(bots[bot as 0 | 1 | 2], one);
          if (exchanges) exchange(bots[bot as 0 | 1 | 2]);
        }
        all.forEach((one, n) => {
          tell(bots[(n % 3) as 0 | 1 | 2], one);
        });
        for (let round = 0; round < 8; round += 1) bots.forEach(exchange);
        for (const bot of bots) expect(seen(bot)).toEqual(seen(alone));
        for (const bot of bots) expect(bot.changes().size).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('agree also where more signs have come than are kept', () => {
    const [one, other] = [createHumanHands(), createHumanHands()];
    for (let n = 1; n <= 10; n += 1) one.personWrote('a', NOW + n);
    other.handedBack('a', NOW + 5);
    const [[, traces = { signs: [] }] = []] = one.changes();
    expect(traces.signs.map(([at]) => at - NOW)).toEqual([1, 7, 8, 9, 10]);
    other.learn('a', traces);
    for (const [, merged = { signs: [] }] of other.changes()) one.learn('a', merged);
    expect(seen(one)).toEqual(seen(other));
    expect(one.longestUnanswered(NOW, 1)).toEqual([{ conversation: 'a', since: NOW + 7 }]);
  });
});
