import { createEvidence, type Evidence } from '../../../src/queue/evidence';

const fails = (evidence: Evidence, person: string, cause = 'x') =>
  evidence.begin(person, 'event').failed('refused', cause);
const succeeds = (evidence: Evidence, person: string) => {
  evidence.begin(person, 'event').succeeded();
};

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
    succeeds(evidence, 'z');
    expect(fails(evidence, 'e')).toMatchObject({ isEverybodys: false, isAlone: true });
  });

  it('counts nothing that began before the last success, but does not forget that others fail alike', () => {
    const evidence = createEvidence();
    const early = ['a', 'b', 'c', 'd', 'e', 'f'].map((person) => evidence.begin(person, 'event'));
    const late = evidence.begin('l', 'event');
    succeeds(evidence, 'z');
    for (const witness of early) expect(witness.failed('refused', 'x').isEverybodys).toBe(false);
    const found = ['g', 'h', 'i', 'j', 'k'].map((person) => fails(evidence, person).isEverybodys);
    expect(found).toEqual([false, false, false, false, true]);
    expect(late.failed('refused', 'x')).toMatchObject({ isEverybodys: false, isAlone: false });
  });

  it('sees that a person is alone with a failure, until another one shares it', () => {
    const evidence = createEvidence();
    expect([fails(evidence, 'a'), fails(evidence, 'a')].map(({ isAlone }) => isAlone)).toEqual([true, true]);
    expect(fails(evidence, 'b').isAlone).toBe(false);
    expect(fails(evidence, 'a').isAlone).toBe(false);
  });

  it('sees that others succeed between two failures of a person, and does not take its own successes for theirs', () => {
    const evidence = createEvidence();
    succeeds(evidence, 'b');
    expect(fails(evidence, 'a').othersSucceed).toBe(false);
    succeeds(evidence, 'a');
    expect(fails(evidence, 'a').othersSucceed).toBe(false);
    succeeds(evidence, 'b');
    expect(fails(evidence, 'a').othersSucceed).toBe(true);
    expect(fails(evidence, 'a').othersSucceed).toBe(false);
  });

  it('does not count those against everybody who fail again after others have succeeded', () => {
    const evidence = createEvidence();
    const offenders = ['a', 'b', 'c', 'd', 'e'];
    expect(offenders.map((one) => fails(evidence, one).isEverybodys)).toEqual([false, false, false, false, true]);
    succeeds(evidence, 'z');
    expect(offenders.map((one) => fails(evidence, one).isEverybodys)).toEqual([false, false, false, false, false]);
    expect(['f', 'g', 'h', 'i'].map((one) => fails(evidence, one).isEverybodys)).not.toContain(true);
    expect(fails(evidence, 'j').isEverybodys).toBe(true);
    expect(fails(evidence, 'a').isEverybodys).toBe(true);
  });

  it('forgets a person whose event is dealt with', () => {
    const evidence = createEvidence();
    succeeds(evidence, 'a');
    succeeds(evidence, 'a');
    fails(evidence, 'a');
    evidence.forget('a');
    succeeds(evidence, 'b');
    expect(fails(evidence, 'a').othersSucceed).toBe(false);
    succeeds(evidence, 'b');
    expect(fails(evidence, 'a').othersSucceed).toBe(true);
  });

  it('counts each way of failing apart, and anew for another event of the conversation', () => {
    const evidence = createEvidence();
    const times = (event: string, way: 'retry' | 'refused') => evidence.begin('a', event).failed(way, 'x').times;
    expect([times('1', 'retry'), times('1', 'retry'), times('1', 'refused')]).toEqual([1, 2, 1]);
    expect([times('2', 'retry'), times('2', 'refused'), times('2', 'refused')]).toEqual([1, 1, 2]);
    evidence.forget('a');
    expect(times('2', 'refused')).toBe(1);
  });

  it('compares a failure with the last one of its own way', () => {
    const evidence = createEvidence();
    const fail = (way: 'retry' | 'refused') => evidence.begin('a', '1').failed(way, 'x').othersSucceed;
    expect(fail('retry')).toBe(false);
    succeeds(evidence, 'b');
    expect([fail('refused'), fail('refused'), fail('retry')]).toEqual([false, false, true]);
  });

  it('does not grow for ever with what other instances have dealt with', () => {
    const evidence = createEvidence();
    const times = (person: string) => evidence.begin(person, 'event').failed('retry', 'x').times;
    expect([times('first'), times('first')]).toEqual([1, 2]);
    for (let n = 0; n < 100_000; n += 1) evidence.begin(`person ${n}`, 'event');
    expect(times('first')).toBe(1);
  });
});
