import { readFileSync } from 'node:fs';
import { WARM_UP, type Bench, type Size } from './bench';
import { ratioToFloor } from './figures/processor';
import { loads } from './loads';
import { findCostlier, type Ratios } from './ratios';
import { resultsFile, type Results } from './report';
import { onWarmServers } from './rounds';

/** About a minute in all. Less of a warm-up would make the ratios higher than those of a full run. */
export const SHORT: Size = { rounds: 1, scale: 0.15, warmUp: WARM_UP };

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
