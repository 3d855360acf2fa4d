import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ConfigError } from '../config';
import { GraphError } from '../messenger/graph-error';
import { StoreError } from '../queue/event-store';
import { requireMachine } from '../process/machine';
import { hush } from './hush';
import { clean } from './plain';
import { createTerminal, type Terminal } from './terminal';

/** What a write says when nobody reads any more: the first one, and those after it. */
const GONE = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/** What was typed makes no sense; the message says why, for the person who typed it. */
export class UsageError extends Error {}

/** Says that something could not be done, unless that has been said already; the rest is done, and the exit code is 1. */
export type Fail = (error?: unknown) => void;

/**
 * Reads what was typed and carries it out.
 *
 * @param name how the command is called, like `npm run queue --`
 * @param define gives the command its options and actions
 * @param args what was typed after the name
 * @param shown is where it is run; it shows no secret of `env`
 * @param env the environment, which may be completed later
 * @returns the exit code: 0 when all was done, 1 when something was not, or was not understood
 */
export async function runProgram(
  name: string,
  define: (program: Command, fail: Fail, terminal: Terminal) => void,
  args: readonly string[],
  shown: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const terminal = hush(shown, env);
  let code = 0;
  let help = '';
  const fail: Fail = (error) => {
    if (isGone(error)) return; // whoever reads has seen enough
    if (error !== undefined) terminal.complain(`${explain(error, name, help)}\n`);
    code = 1;
  };
  const keep = (text: string): void => {
    help += text;
  };
  const program = new Command(name)
    .exitOverride()
    .configureOutput({ writeOut: keep, writeErr: keep, outputError: () => undefined })
    .configureHelp({ helpWidth: 100 })
    .helpOption('--help', 'this text')
    .helpCommand(false);
  define(program, fail, terminal);
  try {
    await program.parseAsync(args, { from: 'user' }).catch(async (error: unknown) => {
      if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
      await terminal.write(help);
    });
  } catch (error) {
    fail(error);
  }
  return code;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && GONE.includes(String(Reflect.get(error, 'code')));
}

/**
 * Makes what writes as long as anybody reads, for a command whose work goes on without a reader.
 *
 * @returns resolves with whether somebody reads; rejects when a text cannot be written for another reason
 */
export function tellReaders(terminal: Terminal): (text: string) => Promise<boolean> {
  return (text) =>
    terminal.write(text).then(
      () => true,
      (error: unknown) => {
        if (!isGone(error)) throw error;
        return false;
      },
    );
}

/** Where no command was named at all, the help says what there is. */
function explain(error: unknown, name: string, help: string): string {
  if (error instanceof CommanderError) {
    if (error.code === 'commander.help') return help.trimEnd();
    const message = error.message.replace(/^error: /, '').replaceAll(/\.?\n/g, '. ');
    return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.)]$/.test(message) ? '' : '.'}\nSee: ${name} --help`;
  }
  if (error instanceof ConfigError) return `${error.problems.join('\n')}\nSee: npm run doctor`;
  if (error instanceof GraphError) return clean(`${error.message.replace(/\.?$/, '.')} ${error.advice}`);
  if (error instanceof StoreError) return `${error.message.replace(/\.?$/, '.')} ${error.advice}`;
  return `${(error as Error).message}${error instanceof UsageError ? `\nSee: ${name} --help` : ''}`;
}

/**
 * Makes what reads a whole number from the command line.
 *
 * @param least the smallest number that is taken
 * @param most the largest one
 */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,15}$/.test(text) || Number(text) < least || Number(text) > most) {
      const range = most === Infinity ? `${least} on` : `${least} to ${most}`;
      throw new InvalidArgumentError(`It is a whole number from ${range}.`);
    }
    return Number(text);
  };
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
/**
 * Runs a command as a program of its own.
 *
 * @param run carries out what was typed; resolves with the exit code
 */
export function runAsProgram(run: (args: readonly string[], terminal: Terminal) => Promise<number>): void {
  process.umask(0o077); // what it writes is for its owner only
  const terminal = createTerminal(process);
  const start = async (): Promise<number> => {
    requireMachine(process.versions.node, process.platform);
    return run(process.argv.slice(2), terminal);
  };
  start().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      terminal.complain(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
