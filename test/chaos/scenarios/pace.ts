import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Cluster } from '../cluster';
import { bodyOf, deliverSafely, eventOf, pause } from '../load';
import { mostWithin, ratePerSecond } from '../measures';
import type { Scenario } from '../scenario';
import { withCluster } from '../with-cluster';

/* One Page's messages leave at its pace, however many servers send them. */

const PACE = 40;
const SECONDS = 22;
const EVENTS = PACE * SECONDS;
const EVENTS_OF_A_POST = 20;
/** One more than the pace: what was a moment late, and what was in time. */
const MOST_IN_A_SECOND = 41;
const [LEAST_ON_AVERAGE, MOST_ON_AVERAGE] = [39.5, 40.04];
/** Where this process is late itself, messages of the second before are seen in this one; no more than these. */
const MOST_SEEN_LATE = 4;
const DRAIN_LIMIT_MS = 60_000;

export const paceOfAPage: Scenario = {
  name: 'pace',
  engines: ['lmdb', 'postgres'],
  fault: `pace of one Page over all servers (${PACE} a second, ${SECONDS} s)`,
  limit: `never more than ${MOST_IN_A_SECOND} in any second, ${LEAST_ON_AVERAGE} to ${PACE} on average`,
  shortened: '',
  atMostSeconds: 120,
  run: (setting) =>
    withCluster(
      setting,
      async (cluster) => {
        cluster.graph.answerWithin(1, 30);
        await postAll(cluster);
        const late = monitorEventLoopDelay({ resolution: 5 });
        late.enable();
        const { carriedOut } = cluster.graph;
        const deadline = performance.now() + DRAIN_LIMIT_MS;
        while (carriedOut.length < EVENTS && performance.now() < deadline) await pause(500);
        await pause(1_500); // whatever would come too often
        return () => {
          const moments = carriedOut.map(({ at }) => at);
          const [most, average] = [mostWithin(1_000, moments), ratePerSecond(moments)];
          const lateMs = late.max / 1e6;
          const seenLate = Math.min(MOST_SEEN_LATE, Math.floor((lateMs / 1_000) * PACE));
          const senders = new Set(carriedOut.map(({ instance }) => instance)).size;
          return {
            good:
              moments.length === EVENTS &&
              senders === cluster.bots.length &&
              most <= MOST_IN_A_SECOND + seenLate &&
              average >= LEAST_ON_AVERAGE &&
              average <= MOST_ON_AVERAGE,
            figures: `${moments.length} of ${EVENTS} messages by ${senders} servers, ${most} in a second at most, ${average.toFixed(2)} on average (seen up to ${Math.round(lateMs)} ms late: ${seenLate} may be of the second before)`,
          };
        };
      },
      { MAX_SENDS_PER_SECOND: String(PACE) },
    ),
};

async function postAll({ deliver }: Cluster): Promise<void> {
  const now = Date.now();
  for (let first = 0; first < EVENTS; first += EVENTS_OF_A_POST) {
    const persons = Array.from({ length: EVENTS_OF_A_POST }, (_, n) => String(46_000_000_000 + first + n));
    await deliverSafely(deliver, bodyOf(...persons.map((person) => eventOf(person, 0, now).entry)));
  }
}
