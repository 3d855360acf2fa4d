import type { Cluster } from '../cluster';
import { pause, type Load } from '../load';
import { longestAfter } from '../measures';
import type { Scenario, Setting } from '../scenario';
import { underLoad } from '../under-load';

/*
 * Servers die at random moments, alone and in quick succession. What each group of kills has left behind must be taken over
 * before the next group, so that every takeover can be measured from the last kill of its group.
 */

/** A lease, and two seconds. */
const TAKEOVER_LIMIT_MS = 22_000;

export const killed: Scenario = {
  name: 'kills',
  engines: ['postgres'],
  fault: 'kill -9 of a server at random moments, 20 times',
  limit: 'lost 0, overtaken 0, taken over within 22 s; doubled only in flight',
  shortened: '4 kills',
  atMostSeconds: 400,
  async run(setting) {
    const groups = setting.isShort ? [4] : [1, 1, 2, 3, 4, 4, 5];
    const lastKills: number[] = [];
    return underLoad(
      setting,
      async (cluster, load) => {
        await pause(2_000);
        for (const size of groups) {
          for (let kill = 0; kill < size; kill += 1) await killOne(setting, cluster);
          lastKills.push(cluster.kills.at(-1)?.to ?? 0);
          await untilServed(cluster, load);
        }
      },
      ({ served, cluster }) => {
        const slowest = Math.max(...lastKills.map((at) => longestAfter(at, served)));
        return {
          good: slowest <= TAKEOVER_LIMIT_MS,
          figures: `${cluster.kills.length} kills, taken over after ${(slowest / 1_000).toFixed(1)} s at most`,
        };
      },
    );
  },
};

async function killOne({ random }: Setting, cluster: Cluster): Promise<void> {
  await pause(random.between(200, 2_500));
  const instance = random.between(0, cluster.bots.length - 1);
  await cluster.kill9(instance);
  await cluster.bots[instance]?.start();
}

/** Until everything is carried out that had been accepted by now, or should have been long ago. */
async function untilServed({ graph }: Cluster, { expected }: Load): Promise<void> {
  const wanted = [...expected].map(([conversation, calls]) => [conversation, calls.length] as const);
  const deadline = performance.now() + TAKEOVER_LIMIT_MS + 3_000;
  const done = () => {
    const counts = new Map<string, number>();
    for (const { conversation } of graph.carriedOut) counts.set(conversation, (counts.get(conversation) ?? 0) + 1);
    return wanted.every(([conversation, count]) => (counts.get(conversation) ?? 0) >= count);
  };
  while (!done() && performance.now() < deadline) await pause(200);
}
