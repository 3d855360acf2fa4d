import { runBuilt } from './built-server';

const started: ReturnType<typeof runBuilt>[] = [];

afterEach(() => {
  for (const kept of started.splice(0)) {
    kept.kill('SIGKILL'); // first, so that it starts no other one
    for (const pid of botsOf(kept)) killIfAlive(pid);
  }
});

/**
 * Runs what keeps a socket and starts the bot on it, again and again. Before each bot it writes a line of JSON: `"msg":"bot"`, and
 * its `pid`.
 *
 * @param command the program and its arguments
 */
export function runKeepingSocket(env: Readonly<Record<string, string>>, folder: string, command: readonly string[]) {
  const kept = runBuilt(env, folder, command);
  started.push(kept);
  return {
    ...kept,
    /** Sends a signal to the bot that was started last. */
    killBot: (signal: NodeJS.Signals) => {
      const pid = botsOf(kept).at(-1);
      if (pid === undefined) throw new Error('there is no bot yet');
      process.kill(pid, signal);
    },
  };
}

function botsOf(kept: ReturnType<typeof runBuilt>): number[] {
  return [...kept.output().matchAll(/"msg":"bot","pid":(\d+)/g)].map(([, pid]) => Number(pid));
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
