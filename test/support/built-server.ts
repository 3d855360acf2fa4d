import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryFolder } from './temporary-folder';

export const entryPoint = path.join(__dirname, '..', '..', 'dist', 'index.js');
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

type LogLine = Readonly<Record<string, unknown>>;

/**
 * Starts `node dist/index.js` in an empty folder, so that no .env of the developer plays a part.
 *
 * @param env the whole environment beside PATH
 */
export function runBuilt(
  env: Readonly<Record<string, string>>,
  cwd = temporaryFolder(),
  [command = '', ...args]: readonly string[] = [process.execPath, entryPoint],
) {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));

  let output = '';
  const lines: LogLine[] = [];
  const waiting: { matches: (line: LogLine) => boolean; resolve: (line: LogLine) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    output += `${text}\n`;
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    for (const { matches, resolve } of waiting) if (matches(line)) resolve(line);
  });
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));

  const exited = once(child, 'exit').then(([code]) => code as number | null);

  return {
    /** Resolves when it has ended and all that it wrote was read. */
    ended,
    /** Resolves with the exit code, also where nobody reads what it writes. */
    exited,
    /** From now on nobody reads what it writes, until `goOn`. */
    standStill: () => void child.stdout.pause(),
    goOn: () => void child.stdout.resume(),
    output: () => output,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Resolves with the first line that has this message, already written or yet to come. */
    line(msg: string): Promise<LogLine> {
      const matches = (line: LogLine) => line['msg'] === msg;
      const found = lines.find(matches);
      if (found) return Promise.resolve(found);
      const gone = ended.then(() => {
        throw new Error(`the server ended before it said "${msg}":\n${output}`);
      });
      return Promise.race([new Promise<LogLine>((resolve) => waiting.push({ matches, resolve })), gone]);
    },
  };
}

/** What comes before a command that is to have no more rights to files than anybody: root, too. */
export function withoutPrivileges(): readonly string[] {
  return process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all'] : [];
}
