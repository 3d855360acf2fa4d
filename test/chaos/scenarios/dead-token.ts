import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pause, startLoad } from '../load';
import { percentile, serve } from '../measures';
import type { Scenario, Setting } from '../scenario';
import { withCluster } from '../with-cluster';

/*
 * One Page's token is dead, twenty others are served as before. Good and bad times alternate, each with servers and data of its
 * own, so that what else the machine does meets both alike.
 */

const OTHERS = 20;
const PERSONS_OF_A_PAGE = 2;
const PAUSE_MS = 1_000;
const WARM_UP_MS = 3_000;
const MOST_CHANGE = 0.25;

const pages = Array.from({ length: OTHERS + 1 }, (_, n) => ({
  id: String(200_200_000 + n),
  accessToken: `token-of-page-number-${n}`,
}));
const dying = pages[0]?.accessToken ?? '';

export const deadToken: Scenario = {
  name: 'dead-token',
  engines: ['lmdb', 'postgres'],
  fault: "one Page's token dead, 20 Pages beside it",
  limit: 'p99 of the others, from the POST to the call, within a quarter of the same with all tokens good',
  shortened: 'once 15 s each of 3 times 20 s',
  atMostSeconds: 330,
  async run(setting) {
    const [good, bad]: [number[], number[]] = [[], []];
    let others = true;
    for (let round = 0; round < (setting.isShort ? 1 : 3); round += 1) {
      others = (await measureInto(good, setting, false)) && others;
      others = (await measureInto(bad, setting, true)) && others;
    }
    const [p99, p99Beside] = [percentile(99, good), percentile(99, bad)];
    const change = p99Beside / p99 - 1;
    return {
      good: others && change <= MOST_CHANGE,
      figures: `p99 ${p99.toFixed(0)} ms, beside the dead one ${p99Beside.toFixed(0)} ms (${(change * 100).toFixed(0)} %), of ${good.length} and ${bad.length} events; p50 ${percentile(50, good).toFixed(0)} and ${percentile(50, bad).toFixed(0)} ms`,
    };
  },
};

/** Runs servers for a while, and adds how long each event of the other Pages took. Resolves with whether all were served. */
async function measureInto(tookMs: number[], setting: Setting, isDead: boolean): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chaos-pages-'));
  const file = path.join(folder, 'pages.json');
  writeFileSync(file, JSON.stringify(pages), { mode: 0o600 });
  const { good } = await withCluster(
    setting,
    async (cluster) => {
      if (isDead) cluster.graph.killToken(dying);
      cluster.graph.neverSlow();
      const load = startLoad({
        send: cluster.deliver,
        persons: pages.length * PERSONS_OF_A_PAGE,
        pauseMs: PAUSE_MS,
        random: setting.random,
        pages: pages.map(({ id }) => id),
      });
      const from = performance.now() + WARM_UP_MS;
      await pause(WARM_UP_MS + (setting.isShort ? 15_000 : 20_000));
      await load.finish();
      await pause(2_000); // long for an event
      return () => {
        const ofOthers = load.accepted.filter(({ page, postedAt }) => page !== pages[0]?.id && postedAt >= from);
        const served = serve(ofOthers, cluster.graph.carriedOut);
        tookMs.push(...served.map(({ postedAt, servedAt }) => servedAt - postedAt));
        return { good: served.length > 0 && served.every(({ servedAt }) => servedAt < Infinity), figures: '' };
      };
    },
    { PAGES_FILE: file },
  );
  rmSync(folder, { recursive: true, force: true });
  return good;
}
