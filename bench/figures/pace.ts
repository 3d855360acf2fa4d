import type { Bench } from '../bench';
import type { Figure, Findings } from '../figure';
import { missing, warmUp, whileItRuns } from '../rounds';
import { mostWithin, spreadOf } from '../statistics';

/** The settings, and how long a burst at each takes to leave. */
const settings = [
  { perSecond: 1, seconds: 20 },
  { perSecond: 40, seconds: 12 },
  { perSecond: 300, seconds: 12 },
] as const;
const latencies = [0, 300, 2_000] as const;
const LEAST_SECONDS = 3;
/** The warm-up passes through the same pace, so it has to be short. */
const WARM_UP_SHARE = 0.25;
/** In few POSTs, so that the server is through with them at once and only the pace is left to wait for. */
const EVENTS_PER_POST = 100;

interface Burst {
  readonly perSecond: number;
  readonly seconds: number;
  readonly latencyMs: number;
}

/**
 * Bursts against the pace that is set: is it kept, and is it used up? Times are those at which messages reach Graph, because
 * these count; they differ by some milliseconds from those at which messages leave. There is one round: what is looked for is
 * the worst second of all, not a median.
 */
export async function pace(bench: Bench): Promise<Findings> {
  const figures: Figure[] = [];
  for (const { perSecond, seconds } of settings) {
    for (const latencyMs of latencies) {
      bench.say(`  ${perSecond} a second, Graph answers after ${latencyMs} ms`);
      const burst = { perSecond, seconds: Math.max(LEAST_SECONDS, seconds * bench.size.scale), latencyMs };
      figures.push(...(await measure(bench, burst)));
    }
  }
  return { figures };
}

async function measure(bench: Bench, { perSecond, seconds, latencyMs }: Burst): Promise<Figure[]> {
  const server = await bench.start('ours', { MAX_SENDS_PER_SECOND: String(perSecond) });
  return whileItRuns(server, async () => {
    await warmUp(bench, server, Math.ceil(perSecond * seconds * WARM_UP_SHARE));
    const events = Math.ceil(perSecond * seconds);
    const eventsPerPost = Math.min(events, EVENTS_PER_POST);
    const plan = { posts: Math.ceil(events / eventsPerPost), eventsPerPost, pace: { connections: 20 } };
    const run = await bench.postAndDrain(server, plan, { latencyMs, refuses: false });
    const times = await bench.arrivalTimes();
    const group = `6. A burst at ${perSecond} a second (MAX_SENDS_PER_SECOND)`;
    const when = `Graph answers after ${latencyMs.toLocaleString('en')} ms`;
    return [
      {
        group,
        what: `rate ÷ set, ${when}`,
        spread: spreadOf([(rateOf(times) / perSecond) * 100]),
        unit: '%',
        target: { atLeast: 99, atMost: 101 },
      },
      {
        group,
        what: `most within any second − set, ${when}`,
        spread: spreadOf([mostWithin(1_000, times) - perSecond]),
        unit: '',
        target: { atMost: 1 },
      },
      {
        group,
        what: `messages that never reached Graph, ${when}`,
        spread: spreadOf([missing(run)]),
        unit: '',
        target: { atMost: 0 },
      },
    ];
  });
}

/** Messages a second, from the first to the last. */
function rateOf(times: readonly number[]): number {
  const first = Math.min(...times);
  const last = Math.max(...times);
  return ((times.length - 1) / (last - first)) * 1_000;
}
