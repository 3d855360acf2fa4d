import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Bench } from '../bench';
import { pause } from '../clock';
import type { Figure, Findings } from '../figure';
import { FIRST_PAGE } from '../load/posts';
import { processorMs, residentMib, untilIdle } from '../process-figures';
import { inTurns, whileItRuns } from '../rounds';
import { spreadOf } from '../statistics';

const MANY = 500;
/** Each Page has had one of them; the one Page alone has had them all. */
const EVENTS = 500;
/** How long a bot that has nothing to do is watched. */
const IDLE_MS = 10_000;

interface Measured {
  readonly startMs: number;
  readonly fresh: State;
  readonly used: State;
  readonly sockets: number;
}

interface State {
  readonly mib: number;
  /** Processor time of a second in which nothing comes in, in milliseconds. */
  readonly idleMs: number;
}

/** What one bot for 500 Pages costs beside one for a single Page: when it starts, when it idles, after an event of each. */
export async function pages(bench: Bench): Promise<Findings> {
  const counts = { 'one Page': 1, '500 Pages': MANY } as const;
  const names = ['one Page', '500 Pages'] as const;
  const measured = await inTurns(bench, names, (name) => measure(bench, counts[name]));
  const figures = names.flatMap((name) => {
    const of = (what: string, unit: string, value: (one: Measured) => number): Figure => ({
      group: `10. One bot for ${MANY} Pages`,
      what: `${name}: ${what}`,
      spread: spreadOf(measured[name].map(value)),
      unit,
    });
    return [
      of('from the start of the process until it listens', 'ms', ({ startMs }) => startMs),
      of('resident after the start', 'MiB', ({ fresh }) => fresh.mib),
      of('processor time of an idle second, after the start', 'ms', ({ fresh }) => fresh.idleMs),
      of(`resident after ${EVENTS} events`, 'MiB', ({ used }) => used.mib),
      of(`processor time of an idle second, after ${EVENTS} events`, 'ms', ({ used }) => used.idleMs),
      of('most connections to Graph at once', '', ({ sockets }) => sockets),
    ];
  });
  return { figures };
}

async function measure(bench: Bench, count: number): Promise<Measured> {
  const folder = bench.newFolder();
  const file = path.join(folder, 'pages.json');
  writeFileSync(file, JSON.stringify(list(count)), { mode: 0o600 });
  const server = await bench.start('ours', { PAGE_ACCESS_TOKEN: '', PAGES_FILE: file }, folder);
  return whileItRuns(server, async ({ pid, startMs }) => {
    const fresh = await stateOf(pid);
    const plan = { posts: EVENTS, eventsPerPost: 1, pages: count, pace: { connections: 10 } };
    const { refused, arrivedAt } = await bench.postAndDrain(server, plan);
    if (refused > 0 || arrivedAt.includes(undefined)) throw new Error('not every event was answered');
    const { most: sockets } = await bench.sockets();
    return { startMs, fresh, used: await stateOf(pid), sockets };
  });
}

/** Tokens of the length that the platform's have. */
function list(count: number): readonly object[] {
  return Array.from({ length: count }, (_, n) => ({
    id: String(FIRST_PAGE + n),
    name: `Page ${n}`,
    accessToken: `EAAGm0${randomBytes(140).toString('hex').slice(0, 190)}`,
    instagramId: String(1_784_140_000_000_000 + n),
  }));
}

async function stateOf(pid: number): Promise<State> {
  await untilIdle(pid);
  const before = processorMs(pid);
  await pause(IDLE_MS);
  return { mib: residentMib(pid).all, idleMs: (processorMs(pid) - before) / (IDLE_MS / 1_000) };
}
