import type { Bench } from '../bench';
import { copyOf, folderOfKnown } from '../data-folder';
import type { Findings } from '../figure';
import type { Outcome } from '../load/load-process';
import { loads } from '../loads';
import { untilIdle } from '../process-figures';
import { acceptRate, inTurns, perRound, warmUp, whileItRuns } from '../rounds';
import { spreadOf } from '../statistics';

const KNOWN = 1_000_000;
/** What many records may make slower. */
const SHARE = 0.9;

const folders = ['empty', 'full'] as const;

/** A flood on a data folder that remembers many events, beside the same on an empty one: what does it cost to remember? */
export async function records(bench: Bench): Promise<Findings> {
  const count = Math.ceil(KNOWN * bench.size.scale);
  const known = await folderOfKnown(bench, count);
  const plan = loads.flood(bench.size.scale);
  const outcomes = await inTurns(bench, folders, async (name) => {
    const folder = name === 'empty' ? bench.newFolder() : copyOf(bench, known);
    return whileItRuns(await bench.start('ours', {}, folder), async (server) => {
      await untilIdle(server.pid);
      await warmUp(bench, server);
      return bench.post(server, plan);
    });
  });

  const group = `7. A flood of ${plan.posts.toLocaleString('en')} POSTs on ${count.toLocaleString('en')} done events`;
  const names = { empty: 'empty folder', full: 'full folder' } as const;
  const cost = ({ processorBefore, processorAfter }: Outcome) => (processorAfter - processorBefore) / plan.posts;
  const kinds = [
    { what: 'POSTs answered', unit: '/s', value: acceptRate, target: { atLeast: SHARE } },
    {
      what: 'processor time per event until all POSTs are answered',
      unit: 'ms',
      value: cost,
      target: { atMost: 1 / SHARE },
    },
  ];
  return {
    figures: [
      ...kinds.flatMap(({ what, unit, value, target }) => [
        ...folders.map((name) => ({
          group,
          what: `${what}, ${names[name]}`,
          spread: spreadOf(outcomes[name].map(value)),
          unit,
        })),
        {
          group,
          what: `${what}, full ÷ empty`,
          spread: spreadOf(perRound(outcomes.full.map(value), outcomes.empty.map(value))),
          unit: '×',
          target,
        },
      ]),
      {
        group,
        what: 'POSTs refused',
        spread: spreadOf(folders.flatMap((name) => outcomes[name].map(({ refused }) => refused))),
        unit: '',
        target: { atMost: 0 },
      },
    ],
  };
}
