import { createEvidence } from '../../../src/queue/evidence';

const fails = (evidence: ReturnType<typeof createEvidence>, person: string, cause = 'x') =>
  evidence.failed(evidence.begin(person), cause);

describe('the evidence of a Page', () => {
  it('blames everybody from the fifth person on that fails alike, and not for one that fails five times', () => {
    const evidence = createEvidence();
    const found = ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'd', 'e', 'f'].map((one) => fails(evidence, one).isEverybodys);
    expect(found).toEqual([false, false, false, false, false, false, false, false, true, true]);
  });

  it('does not add up failures of different causes', () => {
    const evidence = createEvidence();
    for (const person of ['a', 'b', 'c', 'd']) fails(evidence, person);
    expect(fails(evidence, 'e', 'y')).toMatchObject({ isEverybodys: false, isAlone: true });
    expect(fails(evidence, 'e', 'x').isEverybodys).toBe(true);
  });

  it('begins anew with each success', () => {
    const evidence = createEvidence();
    for (const person of ['a', 'b', 'c', 'd']) fails(evidence, person);
    evidence.succeeded('z');
    expect(fails(evidence, 'e')).toMatchObject({ isEverybodys: false, isAlone: true });
  });

  it('counts nothing that began before the last success, but does not forget that others fail alike', () => {
    const evidence = createEvidence();
    const early = ['a', 'b', 'c', 'd', 'e', 'f'].map((person) => evidence.begin(person));
    evidence.succeeded('z');
    for (const beginning of early) expect(evidence.failed(beginning, 'x').isEverybodys).toBe(false);
    const found = ['g', 'h', 'i', 'j', 'k'].map((person) => fails(evidence, person).isEverybodys);
    expect(found).toEqual([false, false, false, false, true]);
    const late = { conversation: 'l', successes: 0 };
    expect(evidence.failed(late, 'x')).toMatchObject({ isEverybodys: false, isAlone: false });
  });

  it('sees that a person is alone with a failure, until another one shares it', () => {
    const evidence = createEvidence();
    expect([fails(evidence, 'a'), fails(evidence, 'a')].map(({ isAlone }) => isAlone)).toEqual([true, true]);
    expect(fails(evidence, 'b').isAlone).toBe(false);
    expect(fails(evidence, 'a').isAlone).toBe(false);
  });

  it('sees that others succeed between two failures of a person, and does not take its own successes for theirs', () => {
    const evidence = createEvidence();
    evidence.succeeded('b');
    expect(fails(evidence, 'a').othersSucceed).toBe(false);
    evidence.succeeded('a');
    expect(fails(evidence, 'a').othersSucceed).toBe(false);
    evidence.succeeded('b');
    expect(fails(evidence, 'a').othersSucceed).toBe(true);
    expect(fails(evidence, 'a').othersSucceed).toBe(false);
  });

  it('does not count those against everybody who fail again after others have succeeded', () => {
    const evidence = createEvidence();
    const offenders = ['a', 'b', 'c', 'd', 'e'];
    expect(offenders.map((one) => fails(evidence, one).isEverybodys)).toEqual([false, false, false, false, true]);
    evidence.succeeded('z');
    expect(offenders.map((one) => fails(evidence, one).isEverybodys)).toEqual([false, false, false, false, false]);
    expect(['f', 'g', 'h', 'i'].map((one) => fails(evidence, one).isEverybodys)).not.toContain(true);
    expect(fails(evidence, 'j').isEverybodys).toBe(true);
    expect(fails(evidence, 'a').isEverybodys).toBe(true);
  });

  it('forgets a person whose event is dealt with', () => {
    const evidence = createEvidence();
    evidence.succeeded('a');
    evidence.succeeded('a');
    fails(evidence, 'a');
    evidence.forget('a');
    evidence.succeeded('b');
    expect(fails(evidence, 'a').othersSucceed).toBe(false);
    evidence.succeeded('b');
    expect(fails(evidence, 'a').othersSucceed).toBe(true);
  });
});
