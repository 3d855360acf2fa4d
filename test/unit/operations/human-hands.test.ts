import { createHumanHands } from '../../../src/operations/human-hands';

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

  it('of one moment count in the order in which they come', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    expect(hands.handedBack('a', NOW)).toBe(true);
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
  it('is what has changed since it was last asked for', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW);
    hands.handedOver('b', NOW);
    hands.humanWrote('a', NOW + 1);
    hands.handedBack('b', NOW + 1);
    expect([...hands.changes()].sort()).toEqual([
      ['a', { at: NOW, since: NOW, personAt: NOW, humanAt: NOW + 1 }],
      ['b', undefined],
    ]);
    expect(hands.changes().size).toBe(0);
  });

  it('is gone on with, unless something is known already', () => {
    const hands = createHumanHands();
    hands.handedOver('a', NOW + 5);
    hands.handedBack('b', NOW + 5);
    hands.changes();
    for (const name of ['a', 'b', 'c']) hands.restore(name, { at: NOW, since: NOW, personAt: NOW, humanAt: undefined });
    expect(hands.longestUnanswered(NOW, 9)).toEqual([
      { conversation: 'c', since: NOW },
      { conversation: 'a', since: NOW + 5 },
    ]);
    expect(hands.changes().size).toBe(0);
  });
});
