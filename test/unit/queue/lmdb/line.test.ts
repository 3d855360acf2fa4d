import fc from 'fast-check';
import { begin, insert, isInLine, nextOf, takeOut, type Line, type Waiting } from '../../../../src/queue/lmdb/line';

const waiting = (sequence: number, timestamp = 0): Waiting => ({
  sequence,
  timestamp,
  repeated: false,
  putBack: false,
  begun: false,
  event: undefined,
  next: undefined,
});
const emptyLine = (): Line => ({ first: undefined, last: undefined, begun: 0 });
const inOrder = (line: Line): Waiting[] => {
  const all: Waiting[] = [];
  for (let one = line.first; one; one = one.next) all.push(one);
  return all;
};

type Step = { readonly put: number } | { readonly takeOut: number } | { readonly begin: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ put: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ takeOut: fc.nat(20) }) },
  fc.record({ begin: fc.nat(20) }),
);

it('is what a sorted list would be, whatever is put in, begun and taken out', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const line = emptyLine();
      let model: Waiting[] = [];
      steps.forEach((one, n) => {
        if ('put' in one) {
          const added = waiting(n, one.put);
          insert(line, added);
          model = [...model, added].sort((a, b) => a.timestamp - b.timestamp || a.sequence - b.sequence);
        } else if ('begin' in one) {
          const chosen = model[one.begin % model.length];
          if (chosen) begin(line, chosen);
        } else {
          const chosen = model[one.takeOut % model.length];
          expect(takeOut(line, chosen?.sequence ?? -1)).toBe(chosen);
          model = model.filter((other) => other !== chosen);
        }
        expect(inOrder(line)).toEqual(model);
        expect([line.last, line.begun]).toEqual([model.at(-1), model.filter(({ begun }) => begun).length]);
        expect(nextOf(line)).toBe(model.find(({ begun }) => begun) ?? model[0]);
        expect(isInLine(line, n)).toBe(model.some(({ sequence }) => sequence === n));
      });
    }),
  );
});

it('does not look through a hundred thousand events to put the newest behind them', () => {
  const line = emptyLine();
  for (let n = 0; n < 100_000; n += 1) insert(line, waiting(n, n));
  expect([line.first?.sequence, line.last?.sequence]).toEqual([0, 99_999]);
  const taken = Array.from({ length: 100_000 }, () => takeOut(line, nextOf(line)?.sequence ?? -1)?.sequence);
  expect(taken.every((sequence, n) => sequence === n)).toBe(true);
}, 5_000);
