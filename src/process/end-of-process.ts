import type { LogOutput } from './log-output';
import type { Logger } from './logger';

/** How long running work may take to finish, in milliseconds: a call of 10 s, and the note of its answer. */
const GRACE_MS = 12_000;
/** How long a reader of the log may take for the last lines, in milliseconds. */
const LAST_LINES_MS = 1_000;

const signals = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Ends the process politely on SIGTERM and SIGINT: `finish` runs for at most 12 seconds, then the exit code is 0. A second
 * signal ends the process at once, with the code a shell expects.
 *
 * @param log where the end is announced
 * @param output where the log's lines go: the last ones are waited for, at most a second
 * @param finish stops taking work and resolves when the running work is done
 */
export function stopOnSignals(log: Logger, output: LogOutput, finish: () => Promise<void>): void {
  let stopping = false;
  const stop = async (signal: keyof typeof signals) => {
    if (stopping) process.exit(128 + signals[signal]);
    stopping = true;
    log.info({ signal }, 'stopping: no further calls; what still comes in is kept');
    const deadline = new Promise<'late'>((resolve) => setTimeout(resolve, GRACE_MS, 'late'));
    const result = await Promise.race([finish(), deadline]);
    if (result === 'late') log.warn(`work was still running after ${GRACE_MS / 1_000} s and has been cut off`);
    log.info('stopped');
    await output.written(LAST_LINES_MS);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, (name) => void stop(name as typeof signal));
}

/**
 * Ends the process with exit code 1 when an error reaches nobody: after that, nothing it does can be trusted. Whatever starts
 * the bot should start it again.
 *
 * @param log where the error is noted
 * @param output where the log's lines go: all are written before this ends the process
 * @param isHarmless tells a rejection that nobody needs to handle
 */
export function endOnMistakes(log: Logger, output: LogOutput, isHarmless: (reason: unknown) => boolean): void {
  const end = (error: unknown) => {
    log.fatal({ err: error }, 'the bot ends because of a mistake in its code');
    output.writeNow();
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', (reason) => {
    if (!isHarmless(reason)) end(reason);
  });
  process.on('rejectionHandled', () => undefined); // or Node.js warns, on lines of its own, of each that was harmless
}
