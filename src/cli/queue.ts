import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import dotenv from 'dotenv';
import { StoreFormatError, type EventStore, type StoredEvent } from '../queue/event-store';
import { openLmdbStore } from '../queue/lmdb/store';
import { DATA_FILE } from '../queue/lmdb/tables';
import { formatDetails, formatTable } from './format';

const HELP = `What waits in the queue, what was set aside, and why. The bot may be running or stopped.

  npm run queue -- list             all events that wait or were set aside
  npm run queue -- show ID          one event, whole
  npm run queue -- retry ID         put a set-aside event back to its place (--all: every one)
  npm run queue -- drop ID          end an event without handling it (asks first; --yes does not)

  --json     print JSON
  --texts    show message texts too (list, show)
  --data DIR the data folder (DATA_DIR, or ./data)
`;

/** What a command needs of the world, so that tests can bring their own. */
export interface Terminal {
  write(text: string): void;
  /** Asks a question; undefined when nobody is there to answer. */
  ask(question: string): Promise<string | undefined>;
  now(): number;
}

/** The command cannot be carried out; the message says why, for the person who typed it. */
class UsageError extends Error {}

interface Options {
  readonly json: boolean;
  readonly texts: boolean;
  readonly all: boolean;
  readonly yes: boolean;
}

/**
 * Carries out one command.
 *
 * @param args what was typed after `npm run queue --`
 * @param env the environment; `DATA_DIR` is used
 * @returns the exit code: 0 when it was done, 1 when not, 2 when the command was not understood
 */
export async function runQueueCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    const [command, id] = positionals;
    if (values.help || command === undefined) {
      terminal.write(HELP);
      return values.help ? 0 : 2;
    }
    const folder = [values.data, env['DATA_DIR']?.trim()].find(Boolean) ?? './data';
    if (!existsSync(path.join(folder, DATA_FILE))) {
      throw new Error(
        `There are no events in ${folder}: no bot has run on it. Give the right folder with --data or DATA_DIR.`,
      );
    }
    const store = await openLmdbStore(folder);
    try {
      return await carryOut(command, id, values, store, terminal);
    } finally {
      await store.close();
    }
  } catch (error) {
    terminal.write(`${(error as Error).message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function parse(args: readonly string[]) {
  try {
    const flag = { type: 'boolean', default: false } as const;
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: flag, texts: flag, all: flag, yes: flag, help: flag, data: { type: 'string' } },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`);
  }
}

async function carryOut(
  command: string,
  id: string | undefined,
  options: Options,
  store: EventStore,
  terminal: Terminal,
): Promise<number> {
  switch (command) {
    case 'list': {
      const { events, damage } = await collect(store);
      events.sort((a, b) => a.timestamp - b.timestamp);
      terminal.write(
        options.json ? toJson(events.map(visible(options))) : formatTable(events, terminal.now(), options.texts),
      );
      if (damage) throw damage;
      return 0;
    }
    case 'show': {
      const event = await find(store, id);
      terminal.write(options.json ? toJson(visible(options)(event)) : formatDetails(event, options.texts));
      return 0;
    }
    case 'retry': {
      const { events, damage } = options.all ? await collect(store) : { events: [await find(store, id)] };
      const setAside = events.filter(({ state }) => state === 'set_aside');
      const outcomes = await Promise.all(setAside.map((event) => store.retry(event.id)));
      const count = outcomes.filter(Boolean).length;
      if (!options.all && count === 0) throw new Error(`Event ${String(id)} was not set aside: it waits already.`);
      terminal.write(
        options.json ? toJson({ retried: count }) : `${count} put back; a running bot handles it within a second.\n`,
      );
      if (damage) throw damage;
      return 0;
    }
    case 'drop':
      return drop(await findToDrop(store, id), options, store, terminal);
    default:
      throw new UsageError(`There is no command "${command}".\n\n${HELP}`);
  }
}

async function drop(id: string, { yes, json }: Options, store: EventStore, terminal: Terminal): Promise<number> {
  if (!yes) {
    const answer = await terminal.ask(`End event ${id} without handling it? The person gets no answer. (yes/no) `);
    if (answer === undefined) throw new UsageError('Nobody is there to confirm: add --yes.');
    if (answer.trim().toLowerCase() !== 'yes') {
      terminal.write('Nothing was dropped.\n');
      return 1;
    }
  }
  if (!(await store.drop(id))) {
    throw new Error(
      `Event ${id} was not dropped: it has only just come in, or just ended. Try again in a second; where no bot runs, start the bot first.`,
    );
  }
  terminal.write(json ? toJson({ dropped: 1 }) : 'Dropped.\n');
  return 0;
}

/** All events, and what is to be said once they are dealt with: that some cannot be read. */
async function collect(store: EventStore): Promise<{ events: StoredEvent[]; damage?: StoreFormatError }> {
  const events: StoredEvent[] = [];
  try {
    for await (const event of store.list()) events.push(event);
    return { events };
  } catch (error) {
    if (error instanceof StoreFormatError) return { events, damage: error };
    throw error;
  }
}

async function find(store: EventStore, id: string | undefined): Promise<StoredEvent> {
  if (id === undefined) throw new UsageError(`Which event? Give its id (npm run queue -- list shows it).\n\n${HELP}`);
  const event = await store.get(id);
  if (!event) throw new Error(`No event ${id} waits or was set aside. See: npm run queue -- list`);
  return event;
}

/** One that cannot be read can be dropped, too. */
async function findToDrop(store: EventStore, id: string | undefined): Promise<string> {
  try {
    return (await find(store, id)).id;
  } catch (error) {
    if (error instanceof StoreFormatError && id !== undefined) return id;
    throw error;
  }
}

/** An event without what the person wrote, unless it is asked for; answers may quote it too. */
function visible({ texts }: Options): (event: StoredEvent) => object {
  return ({ payload, calls, ...rest }) => ({
    ...rest,
    calls: calls.map(({ path }) => path),
    ...(texts && { payload }),
  });
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) {
  dotenv.config({ quiet: true });
  const terminal: Terminal = {
    write: (text) => void process.stdout.write(text),
    ask: async (question) => {
      if (!process.stdin.isTTY) return undefined;
      const dialogue = createInterface({ input: process.stdin, output: process.stdout });
      const answer = await dialogue.question(question);
      dialogue.close();
      return answer;
    },
    now: () => Date.now(),
  };
  void runQueueCommand(process.argv.slice(2), process.env, terminal).then((code) => (process.exitCode = code));
}
