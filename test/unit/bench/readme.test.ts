import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..', '..');
const section = /## What it costs\n([^]*?)\n## /.exec(readFileSync(path.join(root, 'README.md'), 'utf8'))?.[1] ?? '';
const results = readFileSync(path.join(root, 'bench', 'results.md'), 'utf8');
const figures = section.match(/\d[\d,.]*(?: ms|\/s| MiB)/g) ?? [];

it('names figures of the benchmark in the README', () => {
  expect(figures.length).toBeGreaterThan(7);
});

it.each(figures)('the README says %s, and so do the results of the benchmark', (figure) => {
  expect(results).toContain(` ${figure} `);
});
