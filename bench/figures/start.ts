import type { Bench } from '../bench';
import { folderOfKnown, folderOfWaiting, ROOM } from '../data-folder';
import type { Findings } from '../figure';
import { untilIdle } from '../process-figures';
import { inTurns, whileItRuns } from '../rounds';
import { spreadOf } from '../statistics';

const KNOWN = 1_000_000;
const WAITING = 100_000;
/** More than the others have, since a start is over in a moment. */
const LEAST_ROUNDS = 5;

/** From the start of the process until it listens, on an empty folder and on full ones. */
export async function start(bench: Bench): Promise<Findings> {
  const known = Math.ceil(KNOWN * bench.size.scale);
  const waiting = Math.ceil(WAITING * bench.size.scale);
  const knownFolder = await folderOfKnown(bench, known);
  const waitingFolder = await folderOfWaiting(bench, waiting);
  const folders = {
    empty: { title: 'on an empty folder', folder: () => bench.newFolder(), atMost: 400 },
    known: { title: `on ${known.toLocaleString('en')} done events`, folder: () => knownFolder, atMost: 1_000 },
    waiting: { title: `on ${waiting.toLocaleString('en')} waiting events`, folder: () => waitingFolder, atMost: 1_000 },
  } as const;
  const names = ['empty', 'known', 'waiting'] as const;
  const measure = async (name: (typeof names)[number]) =>
    whileItRuns(await bench.start('ours', ROOM, folders[name].folder()), async ({ pid, startMs }) => {
      // One that ends before it has checked its records is slower at its next start.
      await untilIdle(pid);
      return startMs;
    });
  const times = await inTurns(bench, names, measure, Math.max(LEAST_ROUNDS, bench.size.rounds));
  return {
    figures: names.map((name) => ({
      group: '9. From the start of the process until it listens',
      what: folders[name].title,
      spread: spreadOf(times[name]),
      unit: 'ms',
      target: { atMost: folders[name].atMost },
    })),
  };
}
