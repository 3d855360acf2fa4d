import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { contestants, descriptions } from './contestants';
import { isReached, type Findings } from './figure';
import { drawBars } from './plot';
import type { Ratios } from './ratios';
import { tableForMarkdown } from './table';

/** This module must not be named like it: Node would take the JSON for it. */
export const resultsFile = path.join(__dirname, 'results.json');
const reportFile = path.join(__dirname, 'results.md');
const plotFile = path.join(__dirname, '..', 'docs', 'bench.svg');

/** What a later short run compares with. */
export interface Results {
  readonly date: string;
  readonly node: string;
  readonly rounds: number;
  readonly ratios: Ratios;
}

/** Writes down what a full run has found. */
export async function writeResults(found: readonly Findings[], rounds: number): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const ratios = Object.fromEntries(
    found.flatMap((one) => Object.entries(one.ratios ?? {})).map(([name, ratio]) => [name, Number(ratio.toFixed(2))]),
  );
  const results: Results = { date, node: process.version, rounds, ratios };
  await write(resultsFile, JSON.stringify(results));
  await write(reportFile, report(found, date, rounds));
  writeFileSync(plotFile, drawBars(found.flatMap(({ bars = [] }) => bars)));
}

/** In the form that the linter wants, like everything else. */
async function write(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

function report(found: readonly Findings[], date: string, rounds: number): string {
  const figures = found.flatMap((one) => one.figures);
  const targets = figures.map(isReached).filter((reached) => reached !== undefined);
  const processors = cpus();
  return `# Results of the benchmark

Written by \`npm run bench\`. It takes about half an hour; leave the machine alone meanwhile. It has to be Linux.

Who takes part, each in a process of its own:

${contestants.map((name) => `- **${name}**: ${descriptions[name]}`).join('\n')}

The load and the stand-in for Graph are processes of their own on the same machine, the same for all.

- Date: ${date}
- Machine: ${processors.length} cores, ${processors[0]?.model.trim() ?? 'of a kind that cannot be told'}
- Node.js: ${process.version}
- Rounds: ${rounds}, in turns; the tables show their median, and the least and the most. Groups 6 and 8 have one round, group 9 has five
- Targets reached: ${targets.filter(Boolean).length} of ${targets.length}

Processor time is that of the server's process, user and system, from the first POST until all messages have reached Graph.

${tableForMarkdown(figures)}
`;
}
