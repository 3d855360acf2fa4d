import fc from 'fast-check';
import { countValues } from '../../../src/webhook/count-values';

/** The same, told by the parsed value: each list and object, and each thing in it but the first. */
function valuesOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value);
  return inside.reduce((sum: number, one) => sum + valuesOf(one), 1 + Math.max(0, inside.length - 1));
}

describe('countValues', () => {
  it('counts the values of any JSON, whatever its texts hold', () => {
    const tricky = fc.jsonValue({ stringUnit: fc.constantFrom('"', '\\\\', '{', '[', ',', 'a', 'é', '\u0000') });
    fc.assert(
      fc.property(fc.oneof(tricky, fc.jsonValue()), fc.constantFrom(undefined, 2), (value, indent) => {
        expect(countValues(Buffer.from(JSON.stringify(value, null, indent)))).toBe(valuesOf(value));
      }),
    );
  });

  it('comes to an end on what is no JSON', () => {
    expect(countValues(Buffer.from('{"a,\\'))).toBe(1);
    expect(countValues(Buffer.from('"{{{'))).toBe(0);
  });
});
