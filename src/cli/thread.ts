import { InvalidArgumentError, type Command } from 'commander';
import { loadConfig, type Config } from '../config';
import { createGraphApi, type GraphApi } from '../messenger/graph-api';
import { GraphError } from '../messenger/graph-error';
import {
  extendThreadControl,
  getThreadOwner,
  PAGE_INBOX_APP_ID,
  passThreadControl,
  releaseThreadControl,
  takeThreadControl,
  type ThreadOwner,
} from '../messenger/handover-protocol';
import { completeEnvironment } from '../process/environment';
import { secretsOf } from '../process/secret-keeper';
import { choosePage, PAGE_OPTION } from './pages';
import { clean, formatJson } from './plain';
import { runAsProgram, runProgram, UsageError, wholeNumber, type Fail } from './program';
import type { Terminal } from './terminal';
import { describeOwner } from './thread/owner';

const LONGEST_HOURS = 7 * 24;
const HOUR_SECONDS = 60 * 60;

/** What may be typed. */
interface Typed {
  readonly page?: string;
  readonly to?: string;
  readonly hours?: number;
  readonly seconds?: number;
  readonly json?: true;
}

/** What is done to a conversation before it is told who owns it. */
type Change = (graph: GraphApi, psid: string, typed: Typed) => Promise<void>;
const nothing: Change = () => Promise.resolve();

/** What came of it, for a program and for a person. */
interface Told {
  readonly facts: object;
  readonly words: string;
}

/**
 * Looks at one conversation, or moves control of it, by hand.
 *
 * @param args what was typed after `npm run thread --`
 * @param env the environment, completed
 * @returns the exit code: 0 when it was done, otherwise 1
 */
export function runThreadCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  shown: Terminal,
): Promise<number> {
  const define = (program: Command, _fail: Fail, terminal: Terminal): void => {
    const command = (name: string, description: string, change: Change): Command =>
      program
        .command(name)
        .description(description)
        .argument(
          '<psid>',
          "the person's page-scoped id: digits, the last ones of CONVERSATION in npm run queue -- list",
          readId,
        )
        .option(PAGE_OPTION, 'the id or the name of the Page, where PAGES_FILE has several')
        .option('--json', 'JSON (for a program: npm run -s thread, or npm adds lines of its own)')
        .action((psid: string, typed: Typed) => carryOut(psid, typed, change, loadConfig(env), terminal));

    program.description('One conversation by hand: who has control of it, and whom it is given to.');
    command('owner', 'who has control', nothing);
    command('take', 'takes control, from whoever has it', (graph, psid) => takeThreadControl(graph, psid));
    command('pass', 'gives control to another app', (graph, psid, { to = PAGE_INBOX_APP_ID }) =>
      passThreadControl(graph, psid, to),
    ).option('--to <app-id>', 'that app; otherwise the Page Inbox', readId);
    command('release', 'gives control back: the conversation becomes idle', (graph, psid) =>
      releaseThreadControl(graph, psid),
    );
    command('extend', 'keeps control for longer than 24 hours', async (graph, psid, typed) =>
      extendThreadControl(graph, psid, secondsOf(typed)),
    )
      .option('--hours <n>', 'for so long from now, at most 168 (7 days)', wholeNumber(1, LONGEST_HOURS))
      .option('--seconds <n>', 'the same in seconds', wholeNumber(1, LONGEST_HOURS * HOUR_SECONDS));
    program.addHelpText('after', '\nIt ends with 0 when it was done, otherwise with 1.\n');
  };
  return runProgram('npm run thread --', define, args, shown, env);
}

/** Graph has one code for both. */
const REFUSED =
  "Another app has this conversation: take control first (npm run thread -- take PSID). Only the Page's default application may take it; npm run doctor says whether there is one.";

async function carryOut(psid: string, typed: Typed, change: Change, config: Config, terminal: Terminal): Promise<void> {
  const { pages, appSecrets } = secretsOf(config);
  const { accessToken } = choosePage(pages.pages, typed.page);
  const graph = createGraphApi({ ...config, pageAccessToken: accessToken, appSecrets });
  await change(graph, psid, typed).catch((error: unknown) => {
    if (!(error instanceof GraphError) || error.kind !== 'not_thread_owner') throw error;
    throw new Error(clean(`${error.message.replace(/\.?$/, '.')} ${REFUSED}`));
  });
  const asked = await getThreadOwner(graph, psid).catch((error: unknown) => {
    if (change === nothing || !(error instanceof GraphError)) throw error;
    return error;
  });
  const told = asked instanceof GraphError ? tellUnknown(psid, asked) : tellOwner(psid, asked, config.appId);
  await terminal.write(typed.json ? `${formatJson(told.facts)}\n` : `${clean(told.words)}\n`);
}

function tellOwner(psid: string, owner: ThreadOwner | undefined, ownAppId: string | undefined): Told {
  const { appId = null, expiration = null } = owner ?? {};
  const facts = { psid, owner: appId, isThisBot: appId !== null && appId === ownAppId, until: expiration };
  return { facts, words: describeOwner(owner, ownAppId) };
}

/** What was done stays done, whatever comes of the question that follows. */
function tellUnknown(psid: string, { message }: GraphError): Told {
  const ownerUnknown = message.replace(/\.?$/, '.');
  return {
    facts: { psid, ownerUnknown },
    words: `It was done. Who has this conversation now is not known: ${ownerUnknown}`,
  };
}

function secondsOf({ hours, seconds }: Typed): number {
  if ((hours === undefined) === (seconds === undefined))
    throw new UsageError('For how long? Give --hours or --seconds.');
  return seconds ?? Number(hours) * HOUR_SECONDS;
}

function readId(text: string): string {
  if (/^\d{1,20}$/.test(text)) return text;
  throw new InvalidArgumentError('It is a number, digits only.');
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) {
  runAsProgram((args, terminal) => {
    completeEnvironment(process.env);
    return runThreadCommand(args, process.env, terminal);
  });
}
