import type { Cluster } from './cluster';
import { judge, unexplained, type CarriedOut, type Findings } from './judge';
import { pause, startLoad, type Load } from './load';
import { serve, type Served } from './measures';
import type { Outcome, Setting } from './scenario';
import { withCluster } from './with-cluster';

/** How long the last redeliveries take, and whatever would come too often. */
const LAST_MS = 3_500;
const LOOK_MS = 500;
const MOST_EXAMPLES = 5;

export interface Options {
  readonly persons?: number;
  readonly pauseMs?: number;
  /** Settings of the servers. */
  readonly env?: Readonly<Record<string, string>>;
  /** After the load has ended, for all that waits. */
  readonly drainSeconds?: number;
}

/** What was seen. */
export interface Seen {
  readonly findings: Findings;
  readonly served: readonly Served[];
  readonly cluster: Cluster;
}

/**
 * Puts servers under load while something happens to them, lets them finish, and judges what Graph has carried out: nothing may
 * be lost or out of order, and doubled only what was in flight at a kill.
 *
 * @param fault what happens to them
 * @param verdict what else must hold, with its figures
 */
export async function underLoad(
  setting: Setting,
  fault: (cluster: Cluster, load: Load) => Promise<void>,
  verdict: (seen: Seen) => Outcome,
  { persons = 24, pauseMs = 1_000, env, drainSeconds = 60 }: Options = {},
): Promise<Outcome> {
  const run = async (cluster: Cluster) => {
    const load = startLoad({ send: cluster.deliver, persons, pauseMs, random: setting.random });
    await fault(cluster, load);
    await load.finish();
    await drain(cluster, load.expected, drainSeconds);
    return () => {
      const { graph, kills } = cluster;
      const findings = judge(load.expected, graph.carriedOut, kills);
      const { good, figures } = verdict({ findings, served: serve(load.accepted, graph.carriedOut), cluster });
      for (const { first, again } of unexplained(graph.carriedOut, kills).slice(0, MOST_EXAMPLES)) {
        setting.say(`  doubled: ${first.what} to ${first.conversation}, ${origin(first)}, again ${origin(again)}`);
      }
      return { good: good && isRight(findings), figures: [tell(findings), figures].filter(Boolean).join('; ') };
    };
  };
  return withCluster(setting, run, env);
}

/** Waits until everything is carried out, and for what would come too often. */
export async function drain({ graph }: Cluster, expected: Load['expected'], seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  while (judge(expected, graph.carriedOut, []).lost > 0 && performance.now() < deadline) await pause(LOOK_MS);
  await pause(LAST_MS);
}

function origin({ instance = 0, at, answeredAt = at }: CarriedOut): string {
  return `by server ${instance} at ${Math.round(at)} ms, answered at ${Math.round(answeredAt)} ms`;
}

/** Nothing lost, out of order, or doubled without a kill that explains it. */
export function isRight({ expected, lost, outOfOrder, doubledOtherwise }: Findings): boolean {
  return expected > 0 && lost + outOfOrder + doubledOtherwise === 0;
}

export function tell(found: Findings): string {
  const { expected, lost, outOfOrder, doubledByKill, longestUnnotedMs, doubledBySilence, doubledOtherwise } = found;
  const inFlight =
    doubledByKill > 0 ? `, ${doubledByKill} in flight (answered ${Math.round(longestUnnotedMs)} ms before)` : '';
  const silent = doubledBySilence > 0 ? `, ${doubledBySilence} without any answer` : '';
  return `${expected} calls, lost ${lost}, overtaken ${outOfOrder}, doubled ${doubledOtherwise}${inFlight}${silent}`;
}
