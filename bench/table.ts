import { isReached, type Figure, type Target } from './figure';

const headings = ['', 'median', 'least to most', 'target', ''] as const;

/** A number with as many digits as say something. */
export function inDigits(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = value.toFixed(digits);
  return digits === 0 ? Number(text).toLocaleString('en') : text;
}

function withUnit(value: number, unit: string): string {
  return unit === '' || unit === '/s' || unit === '×' ? `${inDigits(value)}${unit}` : `${inDigits(value)} ${unit}`;
}

function describeTarget({ atLeast, atMost, because }: Target, unit: string): string {
  const low = atLeast === undefined ? '' : withUnit(atLeast, unit);
  const high = atMost === undefined ? '' : withUnit(atMost, unit);
  const bounds = low && high ? `${low} to ${high}` : low ? `≥ ${low}` : `≤ ${high}`;
  return because === undefined ? bounds : `${bounds} (${because})`;
}

function cells(figure: Figure): string[] {
  const { what, spread, unit, target } = figure;
  const reached = isReached(figure);
  const apart = spread.least === spread.most ? '' : `${inDigits(spread.least)} to ${inDigits(spread.most)}`;
  return [
    what,
    withUnit(spread.median, unit),
    apart,
    target ? describeTarget(target, unit) : '',
    reached === undefined ? '' : reached ? 'reached' : 'NOT reached',
  ];
}

function inGroups(figures: readonly Figure[]): [string, Figure[]][] {
  const names = [...new Set(figures.map(({ group }) => group))].toSorted((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  return names.map((name) => [name, figures.filter(({ group }) => group === name)]);
}

/** The figures as a table for the terminal. */
export function tableForTerminal(figures: readonly Figure[]): string {
  const rows = figures.map(cells);
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  return inGroups(figures)
    .map(([name, group]) => [name, ...group.map((figure) => line(cells(figure)))].join('\n'))
    .join('\n\n');
}

/** The figures as tables in Markdown. */
export function tableForMarkdown(figures: readonly Figure[]): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return inGroups(figures)
    .map(([name, group]) =>
      [
        `## ${name}`,
        '',
        line(headings),
        line(headings.map(() => '---')),
        ...group.map((figure) => line(cells(figure))),
      ].join('\n'),
    )
    .join('\n\n');
}
