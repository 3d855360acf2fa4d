import { fork } from 'node:child_process';
import { remember } from './children';
import { within } from './clock';

/** What a helper process can be asked to do: a name, and a function of one argument. */
export type Commands = Readonly<Record<string, (argument: never) => unknown>>;

interface Question {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A helper process: the load and the stand-in for Graph must not take turns with each other, nor with the server. */
export interface Worker<Known extends Commands> {
  /** Asks for something, and gives up after the limit. */
  ask<Name extends keyof Known & string>(
    name: Name,
    argument: Parameters<Known[Name]>[0],
    limitMs?: number,
  ): Promise<Awaited<ReturnType<Known[Name]>>>;
}

/** Starts a helper process from a TypeScript file that calls `serveCommands`. */
export function startWorker<Known extends Commands>(file: string): Worker<Known> {
  const child = remember(fork(file, { execArgv: ['--require', 'ts-node/register/transpile-only'] }));
  const open = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let asked = 0;
  child.on('message', ({ number, result, error }: Answer) => {
    const question = open.get(number);
    open.delete(number);
    if (error === undefined) question?.resolve(result);
    else question?.reject(new Error(error));
  });
  child.once('exit', (code) => {
    for (const { reject } of open.values()) reject(new Error(`${file} ended with code ${String(code)}`));
  });
  return {
    ask: (name, argument, limitMs = 60_000) => {
      const question: Question = { number: (asked += 1), name, argument };
      const answered = new Promise<unknown>((resolve, reject) => {
        open.set(question.number, { resolve, reject });
        child.send(question);
      });
      return within(limitMs, `"${name}"`, answered) as never;
    },
  };
}

/** The other end of `startWorker`: answers what is asked, and ends with the process that asks. */
export function serveCommands(commands: Commands): void {
  const reply = (answer: Answer) => process.send?.(answer);
  process.on('message', ({ number, name, argument }: Question) => {
    Promise.resolve()
      .then(() => commands[name]?.(argument as never))
      .then(
        (result) => reply({ number, result }),
        (error: unknown) =>
          reply({ number, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
  process.on('disconnect', () => process.exit());
}
