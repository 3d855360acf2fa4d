import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pause, startLoad } from '../load';
import { percentile, serve } from '../measures';
import type { Scenario, Setting } from '../scenario';
import { withCluster } from '../with-cluster';

/*
 * One Page's token is dead, twenty others are served as before. Good and bad times alternate, each with servers and data of its
 * own. What else the machine does can only make a time worse: so the best of each kind are compared.
 */

const OTHERS = 20;
const PERSONS_OF_A_PAGE = 2;
const PAUSE_MS = 1_000;
const WARM_UP_MS = 2_000;
const MOST_CHANGE = 0.25;
/** What a busy machine differs by from one time to the next. */
const NOISE_MS = 20;
const LONG_MS = 2_000;

const pages = Array.from({ length: OTHERS + 1 }, (_, n) => ({
  id: String(200_200_000 + n),
  accessToken: `token-of-page-number-${n}`,
}));
const dying = pages[0]?.accessToken ?? '';

export const deadToken: Scenario = {
  name: 'dead-token',
  engines: ['lmdb', 'postgres'],
  fault: "one Page's token dead, 20 Pages beside it",
  limit: 'p99 of the others, from the POST to the call, within a quarter (or 20 ms) of the same with all tokens good',
  shortened: '2 times 8 s each of 4 times 15 s',
  atMostSeconds: 330,
  async run(setting) {
    const rounds = setting.isShort ? 2 : 4;
    const [good, bad]: [Latency[], Latency[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      good.push(await measure(setting, false));
      bad.push(await measure(setting, true));
    }
    const [best, bestBeside] = [bestOf(good), bestOf(bad)];
    const change = bestBeside / best - 1;
    const longest = Math.max(...bad.map(({ longestMs }) => longestMs));
    return {
      good: bestBeside <= Math.max(best * (1 + MOST_CHANGE), best + NOISE_MS) && longest < LONG_MS,
      figures: `p99 ${best.toFixed(1)} ms, beside the dead one ${bestBeside.toFixed(1)} ms (${(change * 100).toFixed(0)} %), the best of ${list(good)} and ${list(bad)}; the longest beside it ${longest.toFixed(0)} ms`,
    };
  },
};

/** How long events of the other Pages took, from the POST to the call. */
interface Latency {
  readonly p99Ms: number;
  readonly longestMs: number;
}

function bestOf(latencies: readonly Latency[]): number {
  return Math.min(...latencies.map(({ p99Ms }) => p99Ms));
}

function list(latencies: readonly Latency[]): string {
  return latencies.map(({ p99Ms }) => p99Ms.toFixed(0)).join(', ');
}

/** Runs servers for a while. */
async function measure(setting: Setting, isDead: boolean): Promise<Latency> {
  let tookMs: readonly number[] = [];
  const folder = mkdtempSync(path.join(tmpdir(), 'chaos-pages-'));
  const file = path.join(folder, 'pages.json');
  writeFileSync(file, JSON.stringify(pages), { mode: 0o600 });
  const { good, figures } = await withCluster(
    setting,
    async (cluster) => {
      if (isDead) cluster.graph.killToken(dying);
      cluster.graph.answerWithin(1, 30);
      const load = startLoad({
        send: cluster.deliver,
        persons: pages.length * PERSONS_OF_A_PAGE,
        pauseMs: PAUSE_MS,
        random: setting.random,
        pages: pages.map(({ id }) => id),
      });
      const from = performance.now() + WARM_UP_MS;
      await pause(WARM_UP_MS + (setting.isShort ? 8_000 : 15_000));
      await load.finish();
      await pause(LONG_MS);
      return () => {
        const ofOthers = load.accepted.filter(({ page, postedAt }) => page !== pages[0]?.id && postedAt >= from);
        const served = serve(ofOthers, cluster.graph.carriedOut);
        tookMs = served.map(({ postedAt, servedAt }) => servedAt - postedAt);
        return { good: served.length > 0, figures: '' };
      };
    },
    { PAGES_FILE: file },
  );
  rmSync(folder, { recursive: true, force: true });
  if (!good) throw new Error(figures);
  return { p99Ms: percentile(99, tookMs), longestMs: Math.max(...tookMs) };
}
