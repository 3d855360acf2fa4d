import { summarize } from '../../mutation/report';

const source = [
  'const limit = 4 > 3;',
  "log.warn({ a: 1 }, 'text');",
  'log[a ? b : c](1);',
  'if (require.main === module) { run(); }',
  '',
].join('\n');
const mutant = (line: number, [start, end]: readonly [number, number], status: string, mutatorName = 'Other') => ({
  mutatorName,
  status,
  replacement: 'x',
  location: { start: { line, column: start + 1 }, end: { line, column: end + 1 } },
});

describe('the summary of a mutation report', () => {
  const summary = summarize({
    files: {
      'src/a.ts': {
        source,
        mutants: [
          mutant(3, [4, 13], 'NoCoverage'),
          mutant(1, [14, 19], 'Survived'),
          mutant(1, [14, 19], 'Killed'),
          mutant(1, [14, 19], 'Timeout'),
          mutant(1, [14, 19], 'RuntimeError'),
          mutant(2, [9, 17], 'Survived'),
          mutant(2, [19, 25], 'Survived', 'StringLiteral'),
          mutant(4, [4, 27], 'Survived'),
          mutant(4, [29, 39], 'NoCoverage'),
        ],
      },
    },
  });

  it('scores with and without what is only said, or only runs as a program of its own', () => {
    expect(summary.score).toBeCloseTo(100 * (2 / 8));
    expect(summary.scoreWithoutTexts).toBeCloseTo(100 * (2 / 4));
  });

  it('names the survivors that are not only said, in order, a level of the log among them', () => {
    expect(summary.survivors).toEqual(['src/a.ts:1  4 > 3  →  x', 'src/a.ts:3  a ? b : c  →  x']);
  });
});
