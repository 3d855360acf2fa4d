import { readFileSync } from 'node:fs';
import type { Bench, Size } from './bench';
import { ratioToFloor } from './figures/processor';
import { loads } from './loads';
import { findCostlier, type Ratios } from './ratios';
import { resultsFile, type Results } from './results';
import { onWarmServers } from './rounds';

/** About a minute in all. */
export const SHORT: Size = { rounds: 1, scale: 0.2 };

/** The ratios of the last full run. */
export function readLastRatios(): Ratios {
  return (JSON.parse(readFileSync(resultsFile, 'utf8')) as Results).ratios;
}

/** Measures ours beside the floor, and tells whether it still costs about what it did. */
export async function runShort(bench: Bench, last: Ratios): Promise<boolean> {
  const now: Record<string, number> = {};
  for (const [name, load] of Object.entries(loads)) {
    bench.say(name);
    const plan = load(bench.size.scale);
    const runs = await onWarmServers(bench, ['ours', 'floor'], (server) => bench.postAndDrain(server, plan));
    now[name] = ratioToFloor(runs);
    bench.say(`  ours ÷ floor: ${now[name].toFixed(2)}, in the last results ${last[name]?.toFixed(2) ?? 'none'}`);
  }
  const costlier = findCostlier(last, now);
  for (const sentence of costlier) bench.say(sentence);
  return costlier.length === 0;
}
