import { pause } from '../load';
import type { Scenario } from '../scenario';
import { underLoad } from '../under-load';

/* All servers are restarted under load, one after the other, as for a new version. */

/** A second call may take two seconds at Graph; what it held up, goes on after it. */
const AT_ONCE_MS = 6_000;

export const rolling: Scenario = {
  name: 'rolling',
  engines: ['lmdb', 'postgres'],
  fault: 'SIGTERM, one server after the other, under load',
  limit: 'doubled 0, others go on at once',
  shortened: 'one round of three',
  atMostSeconds: 150,
  async run(setting) {
    const rounds = setting.isShort ? 1 : 3;
    return underLoad(
      setting,
      async (cluster) => {
        for (let round = 0; round < rounds; round += 1) {
          for (const [instance, bot] of cluster.bots.entries()) {
            await pause(setting.random.between(1_000, 2_500));
            await cluster.end(instance);
            await bot.start();
          }
        }
        await pause(1_000);
      },
      ({ served, findings }) => {
        const longest = Math.max(...served.map(({ at, servedAt }) => servedAt - at));
        return {
          good: findings.doubledByKill === 0 && longest <= AT_ONCE_MS,
          figures: `no event waited longer than ${(longest / 1_000).toFixed(1)} s`,
        };
      },
    );
  },
};
