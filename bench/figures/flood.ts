import type { Bench, Run } from '../bench';
import { contestants, type Contestant } from '../contestants';
import type { Figure, Findings } from '../figure';
import { loads } from '../loads';
import { acceptRate, onWarmServers, perRound, processorPerEvent } from '../rounds';
import { percentile, spreadOf } from '../statistics';
import { processorBars, processorFigures, ratioToFloor } from './processor';

/** As much as comes in over many connections: what an event costs, and how soon and how fast POSTs are answered. */
export async function flood(bench: Bench): Promise<Findings> {
  const plan = loads.flood(bench.size.scale);
  const runs = await onWarmServers(bench, contestants, (server) => bench.postAndDrain(server, plan));
  const name = `flood of ${plan.posts.toLocaleString('en')} POSTs over ${plan.pace.connections} connections`;
  return {
    figures: [
      ...processorFigures(`2. A ${name}`, runs, { bottender: 1 }),
      ...acceptingCost(`2. A ${name}`, runs),
      ...acceptingSpeed(`5. Answers in the ${name}`, runs),
    ],
    bars: processorBars('flood, one event a POST', runs),
    ratios: { flood: ratioToFloor(runs) },
  };
}

/** Ours answers first and sends at its pace afterwards; this is the first part alone, beside the tutorial's whole. */
function acceptingCost(group: string, runs: Record<Contestant, Run[]>): Figure[] {
  const accepting = runs.ours.map(acceptingPerEvent);
  return [
    {
      group,
      what: 'processor time per event until all POSTs are answered, ours',
      spread: spreadOf(accepting),
      unit: 'ms',
    },
    {
      group,
      what: "the same ÷ the tutorial's whole",
      spread: spreadOf(perRound(accepting, runs.tutorial.map(processorPerEvent))),
      unit: '×',
      target: { atMost: 0.8 },
    },
  ];
}

function acceptingPerEvent({ processorBefore, processorAfter, events }: Run): number {
  return (processorAfter - processorBefore) / events;
}

function acceptingSpeed(group: string, runs: Record<Contestant, Run[]>): Figure[] {
  const slowest = (name: Contestant) => runs[name].map(({ ackMs }) => percentile(ackMs, 0.99));
  const rate = (name: Contestant) => runs[name].map(acceptRate);
  const each = (what: string, unit: string, values: (name: Contestant) => number[]) =>
    contestants.map((name) => ({ group, what: `${what}, ${name}`, spread: spreadOf(values(name)), unit }));
  return [
    ...each('p99 from POST to answer', 'ms', slowest),
    {
      group,
      what: 'p99, ours ÷ tutorial',
      spread: spreadOf(perRound(slowest('ours'), slowest('tutorial'))),
      unit: '×',
      target: { atMost: 1 },
    },
    ...each('POSTs answered', '/s', rate),
    {
      group,
      what: 'POSTs answered, ours ÷ tutorial',
      spread: spreadOf(perRound(rate('ours'), rate('tutorial'))),
      unit: '×',
      target: { atLeast: 1 },
    },
  ];
}
