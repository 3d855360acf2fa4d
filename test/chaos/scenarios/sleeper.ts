import { pause } from '../load';
import type { Scenario } from '../scenario';
import { underLoad } from '../under-load';

/* A server stands still for longer than its leases last, and then goes on in the belief that they are its own. */

const SLEEP_MS = 25_000;
const SLEEPER = 0;
/** Slower than people write: it falls asleep with many events in its hands that wait for their turn. */
const PACE = 15;

export const asleep: Scenario = {
  name: 'sleeper',
  engines: ['postgres'],
  fault: 'SIGSTOP of a server for 25 s, SIGCONT',
  limit: 'it repeats nothing; lost 0, overtaken 0',
  shortened: '',
  atMostSeconds: 150,
  async run(setting) {
    let wokeAt = 0;
    return underLoad(
      setting,
      async (cluster) => {
        cluster.graph.answerWithin(200, 800); // or for Graph
        await pause(setting.random.between(6_000, 8_000));
        cluster.sleep(SLEEPER);
        await pause(SLEEP_MS);
        cluster.wake(SLEEPER);
        wokeAt = performance.now();
        await pause(5_000);
      },
      ({ cluster: { graph } }) => {
        const calls = graph.carriedOut.filter(({ instance, at }) => instance === SLEEPER && at >= wokeAt);
        return { good: calls.length > 0, figures: `${calls.length} calls of the one that woke` };
      },
      { env: { MAX_SENDS_PER_SECOND: String(PACE) }, drainSeconds: 90 },
    );
  },
};
