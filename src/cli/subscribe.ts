import type { Command } from 'commander';
import { loadConfig } from '../config';
import { createAppApi } from '../messenger/app-setup';
import { createGraphClient } from '../messenger/graph-api';
import { GraphError } from '../messenger/graph-error';
import { completeEnvironment } from '../process/environment';
import { secretsOf } from '../process/secret-keeper';
import { examineSite } from './doctor/examine';
import { count, reportOf } from './doctor/report';
import { readAddress } from './doctor/webhook-visits';
import { choosePages, describePage, PAGE_OPTION } from './pages';
import { clean, formatJson } from './plain';
import { runAsProgram, runProgram, tellReaders, UsageError, type Fail } from './program';
import { planSteps, type Step } from './subscribe/plan';
import { isYes, type Terminal } from './terminal';

/** What may be typed. */
interface Typed {
  readonly url: string;
  readonly page?: string;
  readonly yes?: true;
  readonly json?: true;
}

/**
 * Subscribes the bot's webhook: whatever of the set-up can be done by API, and only what is not done yet.
 *
 * @param args what was typed after `npm run subscribe --`
 * @param env the environment, completed
 * @returns the exit code: 0 when all was done and nothing is wrong afterwards, otherwise 1
 */
export function runSubscribeCommand(args: readonly string[], env: NodeJS.ProcessEnv, shown: Terminal): Promise<number> {
  const define = (program: Command, fail: Fail, terminal: Terminal): void => {
    program
      .description(
        "Subscribes app and Page to the bot's webhook and gives the Page its Get Started button. Shows what it will change, and asks first; then it looks over the whole set-up, as npm run doctor does.",
      )
      .requiredOption('--url <address>', 'the public address of the webhook, like https://bot.example.com/webhook')
      .option(PAGE_OPTION, 'only this Page of PAGES_FILE, by its id or its name; otherwise all of them')
      .option('--yes', 'do not ask')
      .option('--json', 'JSON (goes with --yes; for a program: npm run -s subscribe)')
      .addHelpText('after', '\nIt can be run again at any time. It ends with 0 when all is well, otherwise with 1.\n')
      .action((typed: Typed) => subscribe(typed, env, terminal, fail));
  };
  return runProgram('npm run subscribe --', define, args, shown, env);
}

async function subscribe(
  { url, page, yes, json }: Typed,
  env: NodeJS.ProcessEnv,
  terminal: Terminal,
  fail: Fail,
): Promise<void> {
  const write = tellReaders(terminal);
  const tell = json ? undefined : write;
  if (json && !yes) throw new UsageError('--json goes with --yes.');
  const steps = await plan(url, page, env);
  const isRead = await tell?.(steps.length === 0 ? 'Nothing is to be changed.\n' : describePlan(steps));
  if (steps.length > 0 && !yes) await confirm(terminal, isRead);
  const done = await carryOut(steps, fail);
  if (steps.length > 0) await tell?.(`${describeOutcome(steps, done)}\n`);
  await tell?.('\nHow it is now:\n\n');
  const found = await examineSite({ env, url, page, now: () => terminal.now() }, tell);
  if (count(found).wrong > 0) fail();
  if (json) {
    const changes = steps.map(({ name, changes }, n) => ({ name, changes, done: n < done }));
    await write(`${formatJson({ changes, doctor: reportOf(found) })}\n`);
  }
}

/** @throws {Error} saying why nothing can be changed */
async function plan(url: string, wanted: string | undefined, env: NodeJS.ProcessEnv): Promise<readonly Step[]> {
  const callbackUrl = readAddress(url).href;
  const config = loadConfig(env);
  const { appId, verifyToken } = config;
  if (appId === undefined || config.appSecrets.length === 0) {
    throw new Error(
      'It needs APP_ID and APP_SECRET: copy both from the App Dashboard, App settings > Basic, into .env.',
    );
  }
  const secrets = secretsOf(config);
  const connect = createGraphClient({ ...config, node: '' });
  const pages = choosePages(secrets.pages.pages, wanted).map((page) => {
    const own = { pageAccessToken: page.accessToken, appSecrets: secrets.appSecrets };
    return { name: describePage(page), graph: connect(() => own) };
  });
  return planSteps({ pages, app: createAppApi(config, appId, secrets), appId, verifyToken, callbackUrl }).catch(
    (error: unknown) => {
      if (!(error instanceof GraphError)) throw error;
      const why = `${error.message.replace(/\.?$/, '.')} ${error.advice}`;
      throw new Error(clean(`Graph does not tell how it is now, so nothing was changed. ${why}`));
    },
  );
}

function describePlan(steps: readonly Step[]): string {
  const lines = steps.flatMap(({ name, changes }) => [`${name}:`, ...changes.map((change) => `  + ${clean(change)}`)]);
  return `This will be changed at the platform:\n\n${lines.join('\n')}\n\n`;
}

/** @throws when it is not to be done */
async function confirm(terminal: Terminal, isRead: boolean | undefined): Promise<void> {
  const answer = isRead ? await terminal.ask('Change it? (yes/no) ') : undefined;
  if (answer === undefined) throw new UsageError('Nobody is there to confirm: add --yes.');
  if (!isYes(answer)) throw new Error('Nothing was changed.');
}

/** Carries the steps out, up to the first that fails. Resolves with how many were. */
async function carryOut(steps: readonly Step[], fail: Fail): Promise<number> {
  for (const [n, { name, carryOut: change, remedy }] of steps.entries()) {
    try {
      await change();
    } catch (error) {
      const why =
        error instanceof GraphError && !error.retryable
          ? new Error(clean(`${name}: ${error.message} ${remedy}`))
          : error;
      fail(why);
      return n;
    }
  }
  return steps.length;
}

function describeOutcome(steps: readonly Step[], done: number): string {
  const names = (some: readonly Step[]) => some.map(({ name }) => name).join(', ') || 'nothing';
  if (done === steps.length) return `Done: ${names(steps)}.`;
  return `Done: ${names(steps.slice(0, done))}. Not done: ${names(steps.slice(done))}. Run it again once that is mended.`;
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) {
  runAsProgram((args, terminal) => {
    completeEnvironment(process.env);
    return runSubscribeCommand(args, process.env, terminal);
  });
}
