import { clean } from '../plain';
import type { Check, Finding, Mark } from './finding';

const SIGNS: Readonly<Record<Mark, string>> = { ok: '✓', wrong: '✗', unknown: '?' };
const WIDTH = 19;

export type Counts = Readonly<Record<Mark, number>>;

/** What a check has found: a line each, and a second one with what to do. */
export function formatFindings({ name }: Check, findings: readonly Finding[]): string {
  return findings
    .map(({ mark, text, remedy }) => {
      const line = `${SIGNS[mark]} ${name.padEnd(WIDTH)}${clean(text)}\n`;
      return remedy === undefined ? line : `${line}  ${''.padEnd(WIDTH)}→ ${clean(remedy)}\n`;
    })
    .join('');
}

/** What stands above the findings about one Page. */
export function formatHeading(page: string): string {
  return `\n${clean(page)}\n`;
}

/** Everything that was found, and on which Page where there can be several. */
export type Found = readonly (readonly [Check, readonly Finding[], page: string | undefined])[];

/** The last line: how many of each, and what comes next. */
export function formatSummary(found: Found): string {
  const { ok, wrong, unknown } = count(found);
  const [first] = found.flatMap(([{ name }, findings, page]) => {
    const what = page === undefined ? name : `${name} of ${page}`;
    return findings.flatMap(({ mark, remedy }) =>
      mark === 'wrong' ? [`Begin with ${[what, remedy].join(': ')}`] : [],
    );
  });
  const next = first ?? 'Nothing is wrong. Read what stands after ?, then write to the Page: the bot answers.';
  return `\n${ok} ✓  ${wrong} ✗  ${unknown} ?  ${clean(next)}\n`;
}

/** How many of each there are. */
export function count(found: Found): Counts {
  const marks = found.flatMap(([, findings]) => findings.map(({ mark }) => mark));
  const of = (wanted: Mark) => marks.filter((mark) => mark === wanted).length;
  return { ok: of('ok'), wrong: of('wrong'), unknown: of('unknown') };
}

/** Everything, for a program. */
export function reportOf(found: Found): object {
  const checks = found.flatMap(([{ name }, findings, page]) => findings.map((finding) => ({ name, page, ...finding })));
  return { ...count(found), checks };
}
