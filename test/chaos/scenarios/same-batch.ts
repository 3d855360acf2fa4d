import { Agent } from 'node:http';
import type { Cluster } from '../cluster';
import { judge } from '../judge';
import { bodyOf, eventOf, pause, post, sign } from '../load';
import type { Scenario, Setting } from '../scenario';
import { drain, isRight, tell } from '../under-load';
import { withCluster } from '../with-cluster';

/* The same events reach all servers at the same moment, in one order and in the other. */

const PERSONS = 3;
const STEPS = 2;
const BATCH_PAUSE_MS = 100;

export const sameBatch: Scenario = {
  name: 'same-batch',
  engines: ['lmdb', 'postgres'],
  fault: 'the same batch delivered to all servers at once, 300 times, also reversed',
  limit: 'handled once, no deadlock',
  shortened: '100 times',
  atMostSeconds: 240,
  run: (setting) =>
    withCluster(setting, async (cluster) => {
      cluster.graph.answerWithin(1, 30);
      const { expected, refused } = await deliverToAll(setting, cluster);
      await drain(cluster, expected, 60);
      return () => {
        const findings = judge(expected, cluster.graph.carriedOut, []);
        return {
          good: isRight(findings) && refused === 0,
          figures: `${tell(findings)}; ${refused} POSTs not answered 200`,
        };
      };
    }),
};

async function deliverToAll({ isShort }: Setting, { bots }: Cluster) {
  const agent = new Agent({ keepAlive: true });
  const expected = new Map<string, readonly string[]>();
  let refused = 0;
  for (let batch = 0; batch < (isShort ? 100 : 300); batch += 1) {
    const entries: object[] = [];
    for (let n = 0; n < PERSONS; n += 1) {
      const person = String(35_000_000_000 + batch * PERSONS + n);
      const events = Array.from({ length: STEPS }, (_, step) => eventOf(person, step, Date.now() + step));
      expected.set(
        person,
        events.flatMap(({ calls }) => calls),
      );
      entries.push(...events.map(({ entry }) => entry));
    }
    const bodies = [bodyOf(...entries), bodyOf(...entries.reverse())];
    const posts = bots.flatMap(({ port }) => bodies.map((body) => post(port, body, sign(body), agent)));
    refused += (await Promise.all(posts)).filter((status) => status !== 200).length;
    await pause(BATCH_PAUSE_MS);
  }
  agent.destroy();
  return { expected, refused };
}
