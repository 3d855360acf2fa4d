import type { Bench, Run } from '../bench';
import { contestants, type Contestant } from '../contestants';
import type { Figure, Findings } from '../figure';
import { loads } from '../loads';
import { onWarmServers } from '../rounds';
import { percentile, spreadOf } from '../statistics';
import { processorBars, processorFigures, ratioToFloor } from './processor';

const QUICK = 250;
const QUICK_SECONDS = 10;

/** A steady stream of events of new persons: what an event costs, and how soon its answer is on the way. */
export async function steady(bench: Bench): Promise<Findings> {
  const quickLoad = {
    posts: Math.ceil(QUICK * QUICK_SECONDS * bench.size.scale),
    eventsPerPost: 1,
    pace: { perSecond: QUICK },
  };
  const runs = await onWarmServers(bench, contestants, async (server) => ({
    slow: await bench.postAndDrain(server, loads.steady(bench.size.scale)),
    quick: await bench.postAndDrain(server, quickLoad),
  }));
  const slow = pick(runs, ({ slow }) => slow);
  const quick = pick(runs, ({ quick }) => quick);
  return {
    figures: [
      ...processorFigures('1. Steady, 100 events a second', slow, { tutorial: 1, bottender: 0.7 }),
      ...latencyFigures('4. From POST to Graph call, 100 events a second', slow),
      ...latencyFigures('4. From POST to Graph call, 250 events a second', quick),
    ],
    bars: processorBars('steady, 100 events a second', slow),
    ratios: { steady: ratioToFloor(slow) },
  };
}

function pick<Both>(runs: Record<Contestant, Both[]>, one: (both: Both) => Run): Record<Contestant, Run[]> {
  return Object.fromEntries(contestants.map((name) => [name, runs[name].map(one)])) as Record<Contestant, Run[]>;
}

/** How much later than the floor ours may be, in milliseconds. */
const shares = [
  { name: 'p50', share: 0.5, allowed: 2 },
  { name: 'p99', share: 0.99, allowed: 10 },
] as const;

function latencyFigures(group: string, runs: Record<Contestant, Run[]>): Figure[] {
  return shares.flatMap(({ name, share, allowed }) => {
    const times = (contestant: Contestant) => runs[contestant].map((run) => percentile(latencies(run), share));
    const floor = spreadOf(times('floor')).median;
    return contestants.map((contestant) => ({
      group,
      what: `${name}, ${contestant}`,
      spread: spreadOf(times(contestant)),
      unit: 'ms',
      ...(contestant === 'ours' && { target: { atMost: floor + allowed, because: `floor + ${allowed} ms` } }),
    }));
  });
}

function latencies({ sentAt, arrivedAt }: Run): number[] {
  return sentAt.flatMap((sent, n) => {
    const arrived = arrivedAt[n];
    return arrived === undefined ? [] : [arrived - sent];
  });
}
