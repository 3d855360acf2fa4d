import fc from 'fast-check';
import { createSlots } from '../../../src/queue/slots';

describe('the slots', () => {
  it('are all for one Page while it is the only one, but for those of first attempts', () => {
    const slots = createSlots(8);
    expect(slots.roomOf('a', 1)).toEqual({ first: 8, repeated: 2 });
    for (let n = 0; n < 7; n += 1) slots.take('a', 'first');
    expect(slots.roomOf('a', 1)).toEqual({ first: 1, repeated: 1 });
    slots.take('a', 'first');
    expect(slots.roomOf('a', 1)).toEqual({ first: 0, repeated: 0 });
    expect(slots.taken).toBe(8);
  });

  it('leave every Page as many as another one has taken', () => {
    const slots = createSlots(100);
    slots.roomOf('quiet', 1);
    const giveBack = Array.from({ length: slots.roomOf('flooding', 1).first }, () => slots.take('flooding', 'first'));
    expect(giveBack).toHaveLength(50);
    expect(slots.roomOf('flooding', 1).first).toBe(0);
    expect(slots.roomOf('quiet', 1).first).toBe(25);
    giveBack.forEach((give) => {
      give();
    });
    expect(slots.takenBy('flooding')).toBe(0);
    expect(slots.roomOf('flooding', 1).first).toBe(50);
  });

  it('keep a place for the attempts of others that are repeated, too', () => {
    const slots = createSlots(100);
    slots.roomOf('quiet', 1);
    for (let n = slots.roomOf('failing', 1).repeated; n > 0; n -= 1) slots.take('failing', 'repeated');
    expect(slots.roomOf('failing', 1).repeated).toBe(0);
    expect(slots.roomOf('quiet', 1).repeated).toBeGreaterThan(0);
  });

  it('are shared evenly by Pages that want some at the same moment', () => {
    const slots = createSlots(1_000);
    const pages = Array.from({ length: 20 }, (_, n) => `p${n}`);
    const got = pages.map((page) => slots.roomOf(page, pages.length).first);
    expect(new Set(got.slice(1))).toEqual(new Set([50]));
  });

  it('are never given to nobody, and never more than there are', () => {
    const wishes = fc.array(fc.record({ page: fc.constantFrom('a', 'b', 'c', 'd'), back: fc.boolean() }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), wishes, (most, all) => {
        const slots = createSlots(most);
        const taken: (() => void)[] = [];
        for (const { page, back } of all) {
          if (back) taken.pop()?.();
          const { first } = slots.roomOf(page, 1);
          for (let n = 0; n < first; n += 1) taken.push(slots.take(page, 'first'));
          expect(slots.taken).toBeLessThanOrEqual(most);
          if (slots.takenBy(page) === 0) expect(slots.taken).toBe(most);
        }
      }),
    );
  });
});
