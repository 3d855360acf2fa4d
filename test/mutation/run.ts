import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installInto } from '../../bench/install';
import { summarize, type MutationReport } from './report';

/*
 * Changes the code bit by bit and looks whether a test notices: a report, not a gate. Prints, for each room, how many changes
 * were noticed, and those that were not.
 *
 *   npm run test:mutation -- queue            src/queue/ with its unit tests; leave the machine alone meanwhile
 *   npm run test:mutation -- config index     src/config.ts, then src/index.ts
 *   npm run test:mutation -- queue --all      tries what no unit test has noticed on all tests of other rooms, too
 *
 * What was found is kept in reports/mutation/: a room whose code and tests have not changed is quick.
 */

const root = path.join(__dirname, '..', '..');
const reports = path.join(root, 'reports', 'mutation');

/** The tests near a room, beside those in the folder or file of its name. */
const near: Readonly<Record<string, readonly string[]>> = {
  queue: ['test/unit/handle-event'],
  handlers: ['test/integration/conversation'],
  webhook: ['test/integration/front-door', 'test/integration/many-events'],
  process: ['test/integration/http-server'],
  operations: ['test/integration/operations'],
  'accept-events': ['test/integration/operations', 'test/integration/many-events', 'test/integration/conversation'],
  cli: ['test/integration/doctor', 'test/integration/subscribe', 'test/integration/thread'],
  index: ['conversation', 'front-door', 'many-events', 'operations'].map((name) => `test/integration/${name}`),
  simulator: ['test/integration/simulator-*'],
};

/** The page runs in a browser, the other two are programs of their own. Stryker splits at commas, also within braces. */
const notCounted = ['page/**', 'demo.ts', 'index.ts'].map((path) => `!src/simulator/${path}`);

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs Stryker on what a name stands for. */
function mutate(name: string, tests: readonly string[]): void {
  const isRoom = existsSync(path.join(root, 'src', name));
  if (!isRoom && !existsSync(path.join(root, 'src', `${name}.ts`))) throw new Error(`There is no src/${name}`);
  const stryker = path.join(__dirname, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js');
  const config = path.relative(root, path.join(__dirname, 'stryker.conf.json'));
  const { status } = spawnSync(
    process.execPath,
    [
      ...[stryker, 'run', config],
      ...['--mutate', isRoom ? [`src/${name}/**/*.ts`, ...notCounted].join(',') : `src/${name}.ts`],
      ...['--incrementalFile', path.join(reports, `${name}.json`)],
    ],
    { cwd: root, env: { ...process.env, MUTATION_TESTS: tests.join(',') }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) throw new Error('Stryker failed: see above');
}

function report(name: string): void {
  const found = JSON.parse(readFileSync(path.join(reports, 'last.json'), 'utf8')) as MutationReport;
  const { score, scoreWithoutTexts, survivors } = summarize(found);
  say(`\n${survivors.join('\n')}\n`);
  say(`${name}: ${score.toFixed(1)} % noticed; without texts ${scoreWithoutTexts.toFixed(1)} %`);
}

function main(): void {
  const { values, positionals } = parseArgs({
    options: { all: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (positionals.length === 0)
    throw new Error('Name a room or a file of src/, such as: npm run test:mutation -- queue');
  installInto(__dirname, 'Stryker', say);
  mkdirSync(reports, { recursive: true });
  for (const name of positionals) {
    mutate(name, [`test/unit/${name}`, ...(near[name] ?? [])]);
    if (values.all) mutate(name, ['test/unit', 'test/integration']);
    report(name);
  }
}

try {
  main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
