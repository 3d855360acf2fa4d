import { existsSync } from 'node:fs';
import path from 'node:path';
import { completeEnvironment } from '../process/environment';
import { requireMachine } from '../process/machine';
import { OperatorError } from '../process/operator-error';
import { StoreFormatError, type EventStore, type StoredEvent } from '../queue/event-store';
import { requireAccess } from '../queue/lmdb/folder';
import { openLmdbStore } from '../queue/lmdb/store';
import { DATA_FILE } from '../queue/lmdb/tables';
import { formatDetails, formatJson, jsonFormat, tableFormat, visible } from './format';
import { HELP, UsageError, readCommand, type Command } from './options';
import { createTerminal, type Terminal } from './terminal';

/** What a write says when nobody reads any more: the first one, and those after it. */
const GONE = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/** So many events are changed at once, and so long others then have their turn: a running bot writes to the same file. */
const AT_ONCE = 100;
const PAUSE_MS = 10;

/** One command under way. */
interface Work {
  readonly store: EventStore;
  readonly command: Command;
  readonly terminal: Terminal;
  /** Says that something cannot be done; the rest is done, and the exit code is 1. */
  readonly fail: (error: unknown) => void;
}

/**
 * Carries out one command.
 *
 * @param args what was typed after `npm run queue --`
 * @param env the environment; `DATA_DIR` is used
 * @returns the exit code: 0 when all was done, 1 when something was not, 2 when the command was not understood
 */
export async function runQueueCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<number> {
  let code = 0;
  const fail = (error: unknown): void => {
    if (GONE.includes(String((error as NodeJS.ErrnoException).code))) return; // whoever reads has seen enough
    terminal.complain(`${(error as Error).message}\n`);
    code = error instanceof UsageError ? 2 : 1;
  };
  try {
    const command = readCommand(args);
    if (command) await carryOut(command, env['DATA_DIR']?.trim(), terminal, fail);
    else await terminal.write(HELP);
  } catch (error) {
    fail(error);
  }
  return code;
}

async function carryOut(
  command: Command,
  usual: string | undefined,
  terminal: Terminal,
  fail: Work['fail'],
): Promise<void> {
  const folder = [command.data, usual].find(Boolean) ?? './data';
  if (existsSync(folder)) requireAccess(folder);
  if (!existsSync(path.join(folder, DATA_FILE))) {
    throw new Error(
      `There are no events in ${folder}: no bot has run on it. Give the right folder with --data or DATA_DIR.`,
    );
  }
  await terminal.check(folder);
  const store = await openLmdbStore(folder);
  try {
    await { list, show, retry, drop }[command.name]({ store, command, terminal, fail });
  } finally {
    await store.close();
  }
}

async function list({ store, command, terminal, fail }: Work): Promise<void> {
  const format = command.json ? jsonFormat(command.texts) : tableFormat(terminal.now(), command.texts);
  const counts = { waiting: 0, set_aside: 0 };
  let listed = 0;
  let isWhole = true;
  try {
    for await (const event of store.list()) {
      if (!command.matches(event)) continue;
      await terminal.write(format.row(event, listed === 0));
      counts[event.state] += 1;
      listed += 1;
      if (listed === command.limit) break;
    }
  } catch (error) {
    fail(error);
    isWhole = false;
  }
  await terminal.write(format.end(counts, isWhole));
}

async function show(work: Work): Promise<void> {
  const { command, terminal } = work;
  const { ids, json, texts } = command;
  const events = await find(work);
  if (events.length === 0) return;
  if (json) {
    const shown = events.map((event) => visible(event, texts));
    await terminal.write(`${formatJson(ids.length === 1 ? shown[0] : shown)}\n`);
  } else await terminal.write(events.map((event) => formatDetails(event, texts)).join('\n'));
}

async function retry(work: Work): Promise<void> {
  const { store, command, terminal, fail } = work;
  const ids = command.all ? await choose(work) : [];
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
  await terminal.write(`${command.json ? formatJson({ retried }) : said}\n`);
}

async function drop(work: Work): Promise<void> {
  const { store, command, terminal, fail } = work;
  const ids = command.all ? await choose(work) : [];
  const events = await find(work, (id) => ids.push(id)); // one that cannot be read can be dropped, too
  ids.push(...events.map(({ id }) => id));
  if (ids.length > 0 && !command.yes) await confirm(ids, terminal);
  const left = await change(ids, (id) => store.drop(id), terminal);
  if (left.length > 0)
    fail(
      new Error(
        `Not dropped: ${named(left)}, which has only just come in, or just ended. Try again in a second; where no bot runs, start the bot first.`,
      ),
    );
  const dropped = ids.length - left.length;
  const said = dropped > 0 ? `${dropped} dropped.` : 'Nothing was dropped.';
  await terminal.write(`${command.json ? formatJson({ dropped }) : said}\n`);
}

/** @throws when it is not to be done */
async function confirm(ids: readonly string[], terminal: Terminal): Promise<void> {
  const [what, who] =
    ids.length === 1
      ? [`event ${ids.join()} without handling it`, 'The person gets']
      : [`${ids.length} events without handling them`, 'These people get'];
  const answer = await terminal.ask(`End ${what}? ${who} no answer. (yes/no) `);
  if (answer === undefined) throw new UsageError('Nobody is there to confirm: add --yes.');
  if (answer.trim().toLowerCase() !== 'yes') throw new Error('Nothing was dropped.');
}

/** The ids of all events that `--all` means. No more of them than that is kept: there may be very many. */
async function choose({ store, command, fail }: Work): Promise<string[]> {
  const ids: string[] = [];
  try {
    for await (const event of store.list()) if (command.matches(event)) ids.push(event.id);
  } catch (error) {
    if (!(error instanceof StoreFormatError)) throw error;
    fail(error);
  }
  return ids;
}

/** The events whose ids were given; each one that there is not, or that cannot be read, is named. */
async function find(
  { store, command, fail }: Work,
  unreadable: (id: string, error: unknown) => void = (_id, error) => {
    fail(error);
  },
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  for (const id of command.ids) {
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

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) {
  process.umask(0o077); // what it writes is for its owner only
  const terminal = createTerminal(process);
  const run = async (): Promise<number> => {
    requireMachine(process.versions.node, process.platform);
    completeEnvironment(process.env);
    return runQueueCommand(process.argv.slice(2), process.env, terminal);
  };
  run().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      terminal.complain(`${error instanceof OperatorError ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
