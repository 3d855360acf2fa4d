import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { prepareBench, WARM_UP, type Bench, type Size } from './bench';
import { killChildrenAtTheEnd } from './children';
import { programs } from './contestants';
import { measureDatabase } from './database';
import type { Findings } from './figure';
import { batch } from './figures/batch';
import { flood } from './figures/flood';
import { memory } from './figures/memory';
import { pace } from './figures/pace';
import { pages } from './figures/pages';
import { records } from './figures/records';
import { start } from './figures/start';
import { steady } from './figures/steady';
import { installInto } from './install';
import { resultsFile, writeResults } from './report';
import { readLastRatios, runShort, SHORT } from './short';
import { tableForTerminal } from './table';

/*
 * Measures the built bot beside the tutorial's server, Bottender and the least a server can do, and writes down what it
 * finds: bench/results.md, bench/results.json and docs/bench.svg.
 *
 *   npm run bench                   all of it, about half an hour; leave the machine alone meanwhile
 *   npm run bench -- --short        a minute, for every change: fails when ours costs twice what it did; writes nothing
 *   npm run bench -- --only flood   one experiment; writes nothing. Also --rounds 1 and --scale 0.1, to try things out
 *   npm run bench -- --database     two minutes: what a database costs in the place of the data folder; writes nothing
 */

const experiments: Readonly<Record<string, (bench: Bench) => Promise<Findings>>> = {
  steady,
  flood,
  batch,
  pace,
  records,
  memory,
  start,
  pages,
};

const TIME_LIMIT_MS = 60 * 60 * 1_000;
const TMPFS = 0x01021994;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function sizeOf(rounds = '3', scale = '1'): Size {
  return { rounds: Number(rounds), scale: Number(scale), warmUp: Math.ceil(WARM_UP * Number(scale)) };
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      database: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      scale: { type: 'string' },
    },
  });
  const { short, database, only, rounds, scale } = values;
  if (!existsSync(programs.ours)) throw new Error('The bot is not built: npm run build');
  if (database) {
    await measureDatabase(say);
    return true;
  }
  const chosen = Object.entries(experiments).filter(([name]) => only === undefined || only === name);
  if (chosen.length === 0) throw new Error(`--only takes one of: ${Object.keys(experiments).join(', ')}`);
  const size = short ? SHORT : sizeOf(rounds, scale);
  if (!(size.rounds > 0 && size.scale > 0)) throw new Error('--rounds and --scale take a number above 0');
  if (short && !existsSync(resultsFile)) {
    say('There are no results to compare with, since bench/results.json is missing: npm run bench writes it.');
    return false;
  }
  installInto(__dirname, 'what the bot is compared with', say);

  const root = mkdtempSync(path.join(tmpdir(), 'bench-'));
  process.on('exit', () => {
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  });
  if (statfsSync(root).type === TMPFS)
    throw new Error(`${tmpdir()} is memory, not a disk: set TMPDIR to a folder on disk`);

  const bench = await prepareBench(root, size, say);
  if (short) return runShort(bench, readLastRatios());
  const found: Findings[] = [];
  for (const [name, experiment] of chosen) {
    say(name);
    found.push(await experiment(bench));
  }
  say(`\n${tableForTerminal(found.flatMap(({ figures }) => figures))}`);
  if (only === undefined && rounds === undefined && scale === undefined) await writeResults(found, size.rounds);
  return true;
}

killChildrenAtTheEnd();
setTimeout(() => {
  process.stderr.write('The benchmark took more than an hour and was given up.\n');
  process.exit(1);
}, TIME_LIMIT_MS).unref();
main().then(
  (good) => process.exit(good ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
