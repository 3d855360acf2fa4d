import { pause } from '../load';
import { sumUp } from '../measures';
import type { Scenario, Setting } from '../scenario';
import { underLoad } from '../under-load';
import type { PostgresServer } from '../../support/postgres';

/* What happens to the database must not show: neither to the platform, which waits five seconds, nor to anybody who writes. */

const ANSWER_LIMIT_MS = 4_000;
const LIMIT = 'lost 0, doubled 0; POSTs answered within 4 s';

/** @param happen the fault, from its beginning to its end */
function databaseFault(
  { name, fault, shortened }: Pick<Scenario, 'name' | 'fault' | 'shortened'>,
  happen: (database: PostgresServer, setting: Setting) => Promise<string>,
): Scenario {
  return {
    name,
    engines: ['postgres'],
    fault,
    limit: LIMIT,
    shortened,
    atMostSeconds: 180,
    async run(setting) {
      let told = '';
      return underLoad(
        setting,
        async ({ database }) => {
          await pause(3_000);
          if (database) told = await happen(database, setting);
          await pause(3_000);
        },
        ({ cluster, findings }) => {
          const { slowestMs, counts } = sumUp(cluster.answers);
          const posts = `POSTs: ${counts.ok} times 200, ${counts.later} times 503, ${counts.others} otherwise, ${counts.none} without an answer, the slowest after ${(slowestMs / 1_000).toFixed(2)} s`;
          return {
            good: slowestMs <= ANSWER_LIMIT_MS && counts.others + counts.none + findings.doubledByKill === 0,
            figures: [told, posts].filter(Boolean).join('; '),
          };
        },
      );
    },
  };
}

export const databaseKilled = databaseFault(
  { name: 'database-killed', fault: 'kill -9 of the database, back after 10 s', shortened: '' },
  async (database) => {
    await database.kill9();
    await pause(10_000);
    await database.start();
    return '';
  },
);

export const connectionsCut = databaseFault(
  {
    name: 'connections-cut',
    fault: 'all connections to the database cut, 8 times',
    shortened: '4 times',
  },
  async (database, { isShort, random }) => {
    let cut = 0;
    for (let n = 0; n < (isShort ? 4 : 8); n += 1) {
      cut += await database.cutConnections();
      await pause(random.between(500, 2_500));
    }
    return `${cut} connections cut`;
  },
);

export const databaseFrozen = databaseFault(
  { name: 'database-frozen', fault: 'the database frozen for 30 s', shortened: '15 s' },
  async (database, { isShort }) => {
    database.freeze();
    await pause(isShort ? 15_000 : 30_000);
    database.thaw();
    return '';
  },
);
