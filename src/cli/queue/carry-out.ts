import { existsSync } from 'node:fs';
import path from 'node:path';
import { StoreFormatError, type EventStore, type StoredEvent } from '../../queue/event-store';
import { movedTo } from '../../queue/lmdb/carry';
import { requireAccess } from '../../queue/lmdb/folder';
import { DATA_FILE } from '../../queue/lmdb/tables';
import { openStore, type Place } from '../../queue/open';
import { formatJson } from '../plain';
import { UsageError, type Fail } from '../program';
import { isYes, type Terminal } from '../terminal';
import { formatDetails, jsonFormat, tableFormat, visible } from './format';

/** So many events are changed at once, and so long others then have their turn: a running bot writes to the same file. */
const AT_ONCE = 100;
const PAUSE_MS = 10;

export type Action = 'list' | 'show' | 'retry' | 'drop';

/** To which events something is to be done, and how it is told. */
export interface Wish {
  /** Each one once. */
  readonly ids: readonly string[];
  /** Instead of the ids: all events that `matches` lets through. */
  readonly all: boolean;
  readonly matches: (event: StoredEvent) => boolean;
  readonly limit: number;
  readonly yes: boolean;
  readonly texts: boolean;
  readonly json: boolean;
}

/** One command. */
export interface Task {
  readonly action: Action;
  readonly wish: Wish;
  readonly terminal: Terminal;
  readonly fail: Fail;
}

/** One command under way. */
type Work = Omit<Task, 'action'> & { readonly store: EventStore };

/**
 * Carries out one command on what is kept at a place.
 *
 * @throws {Error} when it cannot be begun; what goes wrong on the way is told to `fail`
 */
export async function carryOut({ action, ...task }: Task, place: Place): Promise<void> {
  if (place.databaseUrl === undefined) {
    await requireEvents(place.dataDir, task.terminal);
    const to = movedTo(place.dataDir);
    if (to !== undefined)
      task.terminal.complain(`These events were moved to ${to}: here nobody handles them any more.\n`);
  }
  const store = await openStore(place);
  try {
    await { list, show, retry, drop }[action]({ store, ...task });
  } finally {
    await store.close();
  }
}

/** @throws {Error} when there are no events in a data folder, or when they cannot be read */
export async function requireEvents(folder: string, terminal: Terminal): Promise<void> {
  if (existsSync(folder)) requireAccess(folder);
  if (!existsSync(path.join(folder, DATA_FILE))) {
    throw new Error(
      `There are no events in ${folder}: no bot has run on it. Name the right folder: with --data, with --from of a move, or in DATA_DIR.`,
    );
  }
  await terminal.check(folder);
}

async function list({ store, wish, terminal, fail }: Work): Promise<void> {
  const format = wish.json ? jsonFormat(wish.texts) : tableFormat(terminal.now(), wish.texts);
  const counts = { waiting: 0, set_aside: 0 };
  let listed = 0;
  let isWhole = true;
  try {
    for await (const event of store.list()) {
      if (!wish.matches(event)) continue;
      await terminal.write(format.row(event, listed === 0));
      counts[event.state] += 1;
      listed += 1;
      if (listed === wish.limit) break;
    }
  } catch (error) {
    fail(error);
    isWhole = false;
  }
  await terminal.write(format.end(counts, isWhole));
}

async function show(work: Work): Promise<void> {
  const { wish, terminal } = work;
  const { ids, json, texts } = wish;
  const events = await find(work);
  if (events.length === 0) return;
  if (json) {
    const shown = events.map((event) => visible(event, texts));
    await terminal.write(`${formatJson(ids.length === 1 ? shown[0] : shown)}\n`);
  } else await terminal.write(events.map((event) => formatDetails(event, texts)).join('\n'));
}

async function retry(work: Work): Promise<void> {
  const { store, wish, terminal, fail } = work;
  const ids = wish.all ? await choose(work) : [];
  for (const { id, state } of await find(work)) {
    if (state === 'set_aside') ids.push(id);
    else fail(new Error(`Event ${id} was not set aside: it waits already.`));
  }
  const left = await change(ids, (id) => store.retry(id), terminal);
  if (left.length > 0)
    fail(new Error(`Not put back: ${named(left)}, which somebody else has just put back or dropped.`));
  const retried = ids.length - left.length;
  const said =
    retried > 0
      ? `${retried} put back. A running bot tries again as soon as it may send; where none runs, the next one will.`
      : 'Nothing was put back: nothing that you asked for is set aside.';
  await terminal.write(`${wish.json ? formatJson({ retried }) : said}\n`);
}

async function drop(work: Work): Promise<void> {
  const { store, wish, terminal, fail } = work;
  const ids = wish.all ? await choose(work) : [];
  const events = await find(work, (id) => ids.push(id)); // one that cannot be read can be dropped, too
  ids.push(...events.map(({ id }) => id));
  if (ids.length > 0 && !wish.yes) await confirm(ids, terminal);
  const left = await change(ids, (id) => store.drop(id), terminal);
  if (left.length > 0)
    fail(
      new Error(
        `Not dropped: ${named(left)}, which has only just come in, or just ended. Try again in a second; where no bot runs, start the bot first.`,
      ),
    );
  const dropped = ids.length - left.length;
  const said = dropped > 0 ? `${dropped} dropped.` : 'Nothing was dropped.';
  await terminal.write(`${wish.json ? formatJson({ dropped }) : said}\n`);
}

/** @throws when it is not to be done */
async function confirm(ids: readonly string[], terminal: Terminal): Promise<void> {
  const [what, who] =
    ids.length === 1
      ? [`event ${ids.join()} without handling it`, 'The person gets']
      : [`${ids.length} events without handling them`, 'These people get'];
  const answer = await terminal.ask(`End ${what}? ${who} no answer. (yes/no) `);
  if (answer === undefined) throw new UsageError('Nobody is there to confirm: add --yes.');
  if (!isYes(answer)) throw new Error('Nothing was dropped.');
}

/** The ids of all events that `--all` means. No more of them than that is kept: there may be very many. */
async function choose({ store, wish, fail }: Work): Promise<string[]> {
  const ids: string[] = [];
  try {
    for await (const event of store.list()) if (wish.matches(event)) ids.push(event.id);
  } catch (error) {
    if (!(error instanceof StoreFormatError)) throw error;
    fail(error);
  }
  return ids;
}

/** The events whose ids were given; each one that there is not, or that cannot be read, is named. */
async function find(
  { store, wish, fail }: Work,
  unreadable: (id: string, error: unknown) => void = (_id, error) => {
    fail(error);
  },
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (const id of wish.ids) {
    try {
      const event = await store.get(id);
      if (event) found.push(event);
      else fail(new Error(`No event ${id} waits or was set aside. See: npm run queue -- list`));
    } catch (error) {
      unreadable(id, error);
    }
  }
  return found;
}

/** Changes events bit by bit; returns the ids of those that could not be. */
async function change(
  ids: readonly string[],
  make: (id: string) => Promise<boolean>,
  terminal: Terminal,
): Promise<string[]> {
  const left: string[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    if (from > 0) await terminal.pause(PAUSE_MS);
    const part = ids.slice(from, from + AT_ONCE);
    const outcomes = await Promise.all(part.map(make));
    left.push(...part.filter((_id, n) => !outcomes[n]));
  }
  return left;
}

/** The first ids, and how many more there are: a terminal does not show thousands. */
function named(ids: readonly string[]): string {
  const more = ids.length - 10;
  return `${ids.slice(0, 10).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
