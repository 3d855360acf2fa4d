import type { Cluster } from '../cluster';
import { throwGarbage } from '../garbage';
import { OFFENDERS, type Mood } from '../graph';
import { pause, type Load } from '../load';
import type { Scenario, Setting } from '../scenario';
import { underLoad } from '../under-load';

/*
 * Servers under load, killed (SIGKILL) or ended (SIGTERM) again and again and started on the same data, each time with a clock
 * that is some hours wrong, while Graph has its moods and refuses some people for good.
 */

/** How far a machine's clock is wrong after a restart, at most. */
const CLOCK_STEPS_HOURS = 3;
const moods: readonly Mood[] = ['healthy', 'flaky', 'flaky', 'flaky', 'rate_limited', 'token_invalid'];
/** A hold lasts a minute, and in a database it outlives a restart: it comes once, at the end. */
const moodsThatPass = moods.filter((mood) => mood !== 'token_invalid');

export const inEveryMood: Scenario = {
  name: 'moods',
  engines: ['lmdb', 'postgres'],
  fault: 'killed or ended while Graph fails in every way and clocks are hours wrong',
  limit: 'lost 0, overtaken 0; doubled only in flight, or where no answer came',
  shortened: '3 kills of 20, or as many as --kills says, and no token dies',
  atMostSeconds: 600,
  async run(setting) {
    let wrongAnswers = 0;
    const load = setting.engine === 'lmdb' ? { persons: 40, pauseMs: 700 } : {};
    return underLoad(
      setting,
      async (cluster, load) => {
        wrongAnswers = await garbage(setting, cluster);
        for (let kill = 1; kill <= setting.kills; kill += 1) await strike(setting, cluster, load, kill);
        cluster.graph.setMood('healthy');
        await load.finish();
        await restartAll(cluster);
      },
      ({ cluster: { graph } }) => ({
        good: wrongAnswers === 0,
        figures: `${wrongAnswers} of ${setting.garbage} garbage requests with a wrong answer; Graph: ${JSON.stringify(graph.answers)}`,
      }),
      { ...load, drainSeconds: 120 },
    );
  },
};

async function garbage({ garbage: count, random }: Setting, { bots: [bot] }: Cluster): Promise<number> {
  return bot && count > 0 ? throwGarbage(bot, count, random) : 0;
}

function chooseMood({ engine, random, isShort, kills }: Setting, kill: number): Mood {
  if (engine === 'postgres' && !isShort && kill === kills) return 'token_invalid';
  const choice = engine === 'postgres' ? moodsThatPass : moods;
  return choice[random.between(0, choice.length - 1)] ?? 'healthy';
}

async function strike(setting: Setting, cluster: Cluster, load: Load, kill: number): Promise<void> {
  const { random, say } = setting;
  const { graph, bots } = cluster;
  const mood = chooseMood(setting, kill);
  graph.setMood(mood);
  await load.offend(`${OFFENDERS}${kill}`);
  await pause(random.between(200, 2_500));
  const instance = random.between(0, bots.length - 1);
  const signal = random.happens(0.3) ? 'SIGTERM' : 'SIGKILL';
  await (signal === 'SIGTERM' ? cluster.end(instance) : cluster.kill9(instance));
  say(
    `  ${signal} ${kill} while Graph was ${mood}: ${load.counts.accepted} events accepted, ${graph.carriedOut.length} calls carried out`,
  );
  graph.setMood('flaky');
  await bots[instance]?.start(random.between(-CLOCK_STEPS_HOURS, CLOCK_STEPS_HOURS));
}

/** After a restart what waits is tried at once. */
async function restartAll(cluster: Cluster): Promise<void> {
  for (const [instance, bot] of cluster.bots.entries()) {
    await cluster.end(instance);
    await bot.start();
  }
}
