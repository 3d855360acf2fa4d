import { parseArgs } from 'node:util';
import type { Engine, Outcome, Scenario, Setting } from './scenario';
import { scenarios } from './scenarios/all';
import { chance } from '../../src/simulator/random';

/*
 * The built server under signed load while everything fails that can: it is killed and frozen, and so is its database, Graph has
 * its moods, tokens die. At the end nothing may be lost or out of order, and doubled only what was in flight at a kill, or what
 * no answer told of.
 *
 *   npm run chaos -- --kills 20                                one server with its data in a folder
 *   npm run chaos -- --engine postgres --instances 3           several with their data in PostgreSQL, about a quarter of an hour
 *   npm run chaos -- --engine postgres --instances 3 --short   the same with less of everything, about six minutes
 *   npm run chaos -- --engine postgres --only kills,pace       some of it
 */

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'lmdb' },
    instances: { type: 'string' },
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    kills: { type: 'string' },
    garbage: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function readEngine(): Engine {
  const { engine } = values;
  if (engine === 'lmdb' || engine === 'postgres') return engine;
  throw new Error('--engine takes lmdb or postgres');
}

function readNumber(option: string, value: string, least: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${option} takes a whole number from ${least} on`);
}

function readInstances(engine: Engine): number {
  const instances = readNumber('instances', values.instances ?? (engine === 'lmdb' ? '1' : '3'), 1);
  if (engine === 'lmdb' && instances > 1)
    throw new Error('Only one server at a time can use a folder: --engine postgres');
  return instances;
}

/** What was asked for by name; otherwise with PostgreSQL everything, and with a folder the first. */
function choose(engine: Engine): readonly Scenario[] {
  const possible = scenarios.filter(({ engines }) => engines.includes(engine));
  const { only } = values;
  if (only === undefined) return engine === 'postgres' ? possible : possible.slice(0, 1);
  return only.split(',').map((name) => {
    const found = possible.find((scenario) => scenario.name === name);
    if (!found) throw new Error(`--only takes of: ${possible.map(({ name }) => name).join(', ')}`);
    return found;
  });
}

/** Runs it; whatever goes wrong has failed. Resolves with nothing where it takes too long. */
async function tryOut(scenario: Scenario, setting: Setting): Promise<Outcome | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, scenario.atMostSeconds * 1_000, undefined);
  });
  const outcome = scenario.run(setting).catch((error: unknown) => ({ good: false, figures: String(error) }));
  return Promise.race([outcome, limit]).finally(() => {
    clearTimeout(timer);
  });
}

async function main(): Promise<boolean> {
  const engine = readEngine();
  const chosen = choose(engine);
  const seed = readNumber('seed', values.seed, 0);
  const isShort = values.short;
  const setting: Setting = {
    engine,
    instances: readInstances(engine),
    isShort,
    random: chance(seed),
    kills: readNumber('kills', values.kills ?? (isShort ? '3' : '20'), 0),
    garbage: readNumber('garbage', values.garbage, 0),
    say,
  };
  say(
    `seed ${seed} (repeat with --seed ${seed}), ${engine}, servers: ${setting.instances}${isShort ? ', shortened' : ''}`,
  );
  const lines: string[] = [];
  let allGood = true;
  for (const scenario of chosen) {
    const from = performance.now();
    const shortened = isShort && scenario.shortened !== '' ? ` (shortened: ${scenario.shortened})` : '';
    say(`${scenario.name}: ${scenario.fault}${shortened}`);
    const outcome = await tryOut(scenario, { ...setting, random: chance(seed) });
    const { good, figures } = outcome ?? { good: false, figures: `not through after ${scenario.atMostSeconds} s` };
    const mark = good ? '✓' : '✗';
    say(`  ${mark} ${figures} (${Math.round((performance.now() - from) / 1_000)} s)`);
    lines.push(`${mark} ${scenario.name.padEnd(16)} ${figures}\n  ${' '.repeat(16)} at most: ${scenario.limit}`);
    allGood &&= good;
    if (!outcome) break; // its servers still run
  }
  if (chosen.length > 1) say(`\n${lines.join('\n')}`);
  if (lines.length < chosen.length) say('The rest was not tried.');
  return allGood;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
main().then(
  (good) => process.exit(good ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
