import type { Bench } from '../bench';
import { contestants } from '../contestants';
import type { Findings } from '../figure';
import { loads } from '../loads';
import { onWarmServers } from '../rounds';
import { processorBars, processorFigures, ratioToFloor } from './processor';

/** Many events in each POST, as the platform sends them when a lot is going on: what an event costs. */
export async function batch(bench: Bench): Promise<Findings> {
  const plan = loads.batch(bench.size.scale);
  const runs = await onWarmServers(bench, contestants, (server) => bench.postAndDrain(server, plan));
  const events = (plan.posts * plan.eventsPerPost).toLocaleString('en');
  return {
    figures: processorFigures(`3. ${events} events, ${plan.eventsPerPost} in each POST`, runs, { tutorial: 0.7 }),
    bars: processorBars(`batch, ${plan.eventsPerPost} events a POST`, runs),
    ratios: { batch: ratioToFloor(runs) },
  };
}
