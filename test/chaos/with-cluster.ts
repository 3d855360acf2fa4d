import { removeLogs, startCluster, type Cluster } from './cluster';
import type { Outcome, Setting } from './scenario';

/**
 * Starts servers, lets something happen to them, ends them, and judges; every server must end when it is told to, and none
 * before.
 *
 * @param happen resolves with what judges when everything has ended
 * @param env settings of the servers
 */
export async function withCluster(
  setting: Setting,
  happen: (cluster: Cluster) => Promise<() => Outcome>,
  env?: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const cluster = await startCluster(setting, env);
  const verdict = await happen(cluster).finally(() => cluster.stop());
  const judged = verdict();
  const ends = endsOf(cluster);
  const good = judged.good && ends.good;
  if (good) removeLogs(cluster);
  else setting.say(`  the servers' logs are in ${cluster.folder}`);
  return { good, figures: [judged.figures, ends.figures].filter(Boolean).join('; ') };
}

/** What must hold at the end of every run; says nothing where it does. */
function endsOf({ bots, database, uncleanEnds }: Cluster): Outcome {
  const crashes = bots.reduce((sum, bot) => sum + bot.crashes, 0);
  const deadlocks = (database?.logText().split('deadlock detected').length ?? 1) - 1;
  const wrong = [
    [uncleanEnds(), 'ends by SIGTERM that were not clean'] as const,
    [crashes, 'servers that ended by themselves'] as const,
    [deadlocks, 'deadlocks in the database'] as const,
  ].filter(([count]) => count > 0);
  return { good: wrong.length === 0, figures: wrong.map(([count, what]) => `${count} ${what}`).join(', ') };
}
