import type { Bench } from '../bench';
import { ROOM } from '../data-folder';
import type { Figure, Findings } from '../figure';
import { residentMib, untilIdle } from '../process-figures';
import { whileItRuns } from '../rounds';
import { spreadOf } from '../statistics';

const EVENTS = 100_000;
/** How long nothing has happened when memory is read. */
const IDLE_MS = 3_000;

/**
 * Graph refuses everything, so that all that comes in is held: how much memory does it take, now and after a restart? There is
 * one round: 100,000 events take more than a minute to come in.
 */
export async function memory(bench: Bench): Promise<Findings> {
  const events = Math.ceil(EVENTS * bench.size.scale);
  const group = `8. Memory while ${events.toLocaleString('en')} events are held, each of another person`;
  const folder = bench.newFolder();
  await bench.graph({ latencyMs: 0, refuses: true });

  bench.say('  as they come in');
  const plan = { posts: events, eventsPerPost: 1, pace: { connections: 100 } };
  const first = await whileItRuns(await bench.start('ours', ROOM, folder), async (server) => {
    const { refused } = await bench.post(server, plan);
    await untilIdle(server.pid, IDLE_MS);
    return { refused, ...residentMib(server.pid) };
  });
  bench.say('  after a restart');
  const second = await whileItRuns(await bench.start('ours', ROOM, folder), async (server) => {
    await untilIdle(server.pid, IDLE_MS);
    return residentMib(server.pid);
  });

  const figure = (what: string, value: number): Figure => ({ group, what, spread: spreadOf([value]), unit: 'MiB' });
  return {
    figures: [
      { ...figure('resident', first.all), target: { atMost: 150 } },
      figure('of it in no file', first.anonymous),
      figure('resident, after a restart', second.all),
      figure('of it in no file, after a restart', second.anonymous),
      { ...figure('POSTs refused', first.refused), unit: '', target: { atMost: 0 } },
    ],
  };
}
