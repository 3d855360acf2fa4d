import { parseArgs } from 'node:util';
import type { StoredEvent } from '../queue/event-store';

/** What `--help` prints. */
export const HELP = `What waits in the queue, what was set aside, and why. The bot may be running or stopped.

  npm run queue -- list         what waits and what was set aside, in the order in which it came
  npm run queue -- show ID...   events, whole
  npm run queue -- retry ID...  put set-aside events back to their places (or --all)
  npm run queue -- drop ID...   end events without handling them (or --all); asks first

  --all                      instead of ids: all that --state and --conversation leave (retry, drop)
  --state STATE              only what is waiting, or set-aside (list; with --all: retry, drop)
  --conversation NAME        only this conversation, in full, as list shows it (the same)
  --limit N                  not more than so many (list)
  --yes                      do not ask (drop)
  --texts                    message texts, too (list, show)
  --json                     JSON (for a program: npm run -s queue, or npm adds lines of its own)
  --data DIR                 the data folder; otherwise DATA_DIR, or ./data
  --help                     this text

It ends with 0 when all was done, with 1 when something was not, with 2 when it was not understood.
`;

/** The command cannot be understood; the message says why, for the person who typed it. */
export class UsageError extends Error {}

/** Which options each command takes, beside those that all take. */
const TAKES = {
  list: ['state', 'conversation', 'limit', 'texts'],
  show: ['texts'],
  retry: ['all', 'state', 'conversation'],
  drop: ['all', 'state', 'conversation', 'yes'],
} as const;
const ALL_TAKE = ['json', 'data'];

/** As the store has it. */
const LONGEST_ID = 64;

const STATES = ['waiting', 'set-aside'];

/** What is to be done. */
export interface Command {
  readonly name: keyof typeof TAKES;
  /** Each one once. */
  readonly ids: readonly string[];
  /** Instead of the ids: all events that `matches` lets through. */
  readonly all: boolean;
  readonly matches: (event: StoredEvent) => boolean;
  readonly limit: number;
  readonly yes: boolean;
  readonly texts: boolean;
  readonly json: boolean;
  /** The data folder, where one is named. */
  readonly data: string | undefined;
}

/**
 * Reads what was typed after `npm run queue --`.
 *
 * @returns undefined where help is asked for
 * @throws {UsageError} when it makes no sense
 */
export function readCommand(args: readonly string[]): Command | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [name, ...ids] = positionals;
  if (name === undefined) throw new UsageError(HELP.trimEnd());
  if (!isName(name)) throw mistake(`There is no command "${name}".`);
  const takes: readonly string[] = [...TAKES[name], ...ALL_TAKE];
  const { all = false, state, conversation, limit, yes = false, texts = false, json = false, data } = values;
  const chooses = state !== undefined || conversation !== undefined;

  for (const option of Object.keys(values)) if (!takes.includes(option)) throw mistake(`${name} takes no --${option}.`);
  if (name === 'list') {
    if (ids.length > 0) throw mistake('list takes no ids; show does.');
  } else if (all && ids.length > 0) throw mistake('Give ids or --all, not both.');
  else if (!all && chooses) throw mistake('--state and --conversation go with --all.');
  else if (!all && ids.length === 0) throw mistake('Which event? Give its id; npm run queue -- list shows it.');
  if (state !== undefined && !STATES.includes(state)) throw mistake(`--state is waiting or set-aside, not "${state}".`);
  if (name === 'retry' && state === 'waiting') throw mistake('Only what is set aside can be put back.');
  if (limit !== undefined && !/^[1-9]\d*$/.test(limit))
    throw mistake(`--limit is a whole number from 1 on, not "${limit}".`);

  if (ids.some((id) => id.length > LONGEST_ID)) throw mistake(`An id has ${LONGEST_ID} characters at most.`);

  const wanted = name === 'retry' ? 'set-aside' : state;
  const matches = (event: StoredEvent) =>
    (wanted === undefined || event.state === wanted.replace('-', '_')) &&
    (conversation === undefined || event.conversation === conversation);
  return { name, ids: [...new Set(ids)], all, matches, limit: Number(limit ?? Infinity), yes, texts, json, data };
}

function parse(args: readonly string[]) {
  try {
    const flag = { type: 'boolean' } as const;
    const text = { type: 'string' } as const;
    const flags = { all: flag, yes: flag, texts: flag, json: flag, help: flag };
    const options = { ...flags, state: text, conversation: text, limit: text, data: text };
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw mistake((error as Error).message);
  }
}

function isName(name: string): name is Command['name'] {
  return Object.hasOwn(TAKES, name);
}

function mistake(message: string): UsageError {
  return new UsageError(`${message}\nSee: npm run queue -- --help`);
}
