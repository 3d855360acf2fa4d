import { createWipe, formsOf } from '../../../src/process/wipe';

describe('what wipes secrets', () => {
  it('finds each of hundreds that begin alike, and takes no notice of what only begins like one', () => {
    const tokens = Array.from({ length: 500 }, (_, n) => `EAAGm0${String(n).padStart(20, '0')}`);
    const wipe = createWipe(tokens.flatMap(formsOf));
    expect(wipe(`a ${tokens.join(' b ')} c`)).toBe(`a ${tokens.map(() => '[redacted]').join(' b ')} c`);
    expect(wipe('EAAGm0 and nothing else')).toBe('EAAGm0 and nothing else');
  });

  it('takes every character of a secret for itself', () => {
    const secrets = ['.*+?^${}()|[]', '\\d-/secret', 'ü€𝒳-of-people'];
    const wipe = createWipe(secrets.flatMap(formsOf));
    expect(wipe(secrets.join(' '))).toBe('[redacted] [redacted] [redacted]');
    expect(wipe('1234567 words')).toBe('1234567 words');
  });

  it('leaves every text as it is where there is no secret', () => {
    expect(createWipe([])('a text')).toBe('a text');
  });

  it('looks at a line with 500 tokens in about the time of one', () => {
    const timeOf = (count: number): number => {
      const wipe = createWipe(Array.from({ length: count }, (_, n) => `EAAGm0${String(n).padStart(180, 'x')}`));
      const line = JSON.stringify({ level: 'info', event: '14ce1c6cf6ba17fd452fed05', msg: 'event handled' });
      const rounds = Array.from({ length: 7 }, () => {
        const start = performance.now();
        for (let n = 0; n < 5_000; n += 1) wipe(line);
        return performance.now() - start;
      });
      return Math.min(...rounds);
    };
    expect(timeOf(500)).toBeLessThan(timeOf(1) * 10); // one after the other would take 500 times as long
  });
});
