import { Option, type Command } from 'commander';
import { readDatabaseUrl } from '../config';
import { completeEnvironment } from '../process/environment';
import { readPagesFile } from '../process/pages-file';
import type { StoredEvent } from '../queue/event-store';
import { PAGE_OPTION } from './pages';
import { runAsProgram, runProgram, UsageError, wholeNumber } from './program';
import { carryOut, type Action, type Wish } from './queue/carry-out';
import { move, type Route } from './queue/move';
import type { Terminal } from './terminal';

const NAME = 'npm run queue --';

const PLACES = 'a folder, or "database" for that of DATABASE_URL, or its address without a password';

/** As the store has it. */
const LONGEST_ID = 64;

/** What may be typed beside a command. */
interface Typed {
  readonly all?: true;
  readonly state?: 'waiting' | 'set-aside';
  readonly conversation?: string;
  readonly page?: string;
  readonly limit?: number;
  readonly yes?: true;
  readonly texts?: true;
  readonly json?: true;
  readonly data?: string;
}

const options = {
  all: () => new Option('--all', 'instead of ids: all that --state, --conversation and --page leave'),
  state: () => new Option('--state <state>', 'only what is in this state').choices(['waiting', 'set-aside']),
  conversation: () => new Option('--conversation <name>', 'only this conversation, in full, as list shows it'),
  page: () => new Option(PAGE_OPTION, 'only this Page and its Instagram account, by its id, or its name in PAGES_FILE'),
  limit: () => new Option('--limit <n>', 'not more than so many').argParser(wholeNumber(1, Infinity)),
  yes: () => new Option('--yes', 'do not ask'),
  texts: () => new Option('--texts', 'message texts, too'),
  json: () => new Option('--json', 'JSON (for a program: npm run -s queue, or npm adds lines of its own)'),
  data: () =>
    new Option('--data <folder>', 'the data folder; otherwise the database of DATABASE_URL, DATA_DIR, or ./data'),
};

/**
 * Carries out one command.
 *
 * @param args what was typed after `npm run queue --`
 * @param env the environment; `DATABASE_URL` and `DATA_DIR` are used
 * @returns the exit code: 0 when all was done, 1 when something was not, or was not understood
 */
export function runQueueCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  shown: Terminal,
): Promise<number> {
  return runProgram(
    NAME,
    (program, fail, terminal) => {
      const command = (name: Action, description: string, takes: readonly (keyof typeof options)[]): Command => {
        const made = program.command(name).description(description);
        for (const one of takes) made.addOption(options[one]());
        return made.addOption(options.json()).addOption(options.data());
      };
      const work = async (action: Action, ids: readonly string[], typed: Typed): Promise<void> => {
        const dataDir = [typed.data, env['DATA_DIR']?.trim()].find(Boolean) ?? './data';
        const place = { dataDir, databaseUrl: typed.data === undefined ? readDatabaseUrl(env) : undefined };
        await carryOut({ action, wish: readWish(action, ids, typed, env), terminal, fail }, place);
      };

      program.description('What waits in the queue, what was set aside, and why. The bot may be running or stopped.');
      command('list', 'what waits and what was set aside, in the order in which it came', [
        'state',
        'conversation',
        'page',
        'limit',
        'texts',
      ]).action((typed: Typed) => work('list', [], typed));
      command('show', 'events, whole', ['texts'])
        .argument('[ids...]')
        .action((ids: string[], typed: Typed) => work('show', ids, typed));
      command('retry', 'put set-aside events back to their places', ['all', 'state', 'conversation', 'page'])
        .argument('[ids...]')
        .action((ids: string[], typed: Typed) => work('retry', ids, typed));
      command('drop', 'end events without handling them; asks first', ['all', 'state', 'conversation', 'page', 'yes'])
        .argument('[ids...]')
        .action((ids: string[], typed: Typed) => work('drop', ids, typed));
      program
        .command('move')
        .description('all events from the data folder into the database, or back; no bot may run on them meanwhile')
        .requiredOption('--from <place>', `where they are: ${PLACES}`)
        .requiredOption('--to <place>', 'where they are to be; a folder must be a new one')
        .action((route: Route) => move(route, { env, terminal, fail }));
      program.addHelpText(
        'after',
        `\nEach command says what it takes: ${NAME} drop --help\nIt ends with 0 when all was done, with 1 when something was not, or was not understood.\n`,
      );
    },
    args,
    shown,
    env,
  );
}

/** @throws {UsageError} when it makes no sense */
function readWish(action: Action, ids: readonly string[], typed: Typed, env: NodeJS.Dict<string>): Wish {
  const { all = false, state, conversation, page, limit = Infinity, yes = false, texts = false, json = false } = typed;
  if (action !== 'list') {
    if (all && ids.length > 0) throw new UsageError('Give ids or --all, not both.');
    if (!all && (state ?? conversation ?? page) !== undefined)
      throw new UsageError('--state, --conversation and --page go with --all.');
    if (!all && ids.length === 0) throw new UsageError(`Which event? Give its id; ${NAME} list shows it.`);
  }
  if (action === 'retry' && state === 'waiting') throw new UsageError('Only what is set aside can be put back.');
  if (ids.some((id) => id.length > LONGEST_ID)) throw new UsageError(`An id has ${LONGEST_ID} characters at most.`);

  const wanted = action === 'retry' ? 'set-aside' : state;
  const isOfPage = page === undefined ? () => true : matchPage(page, env);
  const matches = (event: StoredEvent) =>
    isOfPage(event) &&
    (wanted === undefined || event.state === wanted.replace('-', '_')) &&
    (conversation === undefined || event.conversation === conversation);
  return { ids: [...new Set(ids)], all, matches, limit, yes, texts, json };
}

/** What has waited since before there was a list names its Page only in what came in. */
function matchPage(wanted: string, env: NodeJS.Dict<string>): (event: StoredEvent) => boolean {
  const file = env['PAGES_FILE']?.trim() ?? '';
  const listed = file === '' ? undefined : readPagesFile(file).find(({ id, name }) => wanted === id || wanted === name);
  if (!listed && !/^\d+$/.test(wanted)) {
    throw new UsageError(`No Page has the name ${JSON.stringify(wanted)} in PAGES_FILE. Give its id.`);
  }
  const accounts = new Set([wanted, listed?.id, listed?.instagramId]);
  return ({ page, payload }) => {
    const { pageId = page } = payload as { readonly pageId?: string };
    return accounts.has(page) || accounts.has(pageId);
  };
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) {
  runAsProgram((args, terminal) => {
    completeEnvironment(process.env);
    return runQueueCommand(args, process.env, terminal);
  });
}
