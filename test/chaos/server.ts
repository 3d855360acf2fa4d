import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const dist = path.join(__dirname, '..', '..', 'dist');
const entryPoint = path.join(dist, 'index.js');
const wrongClock = path.join(__dirname, 'wrong-clock.cjs');

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ServerUnderTest {
  /** Where it listens; undefined while it is down. */
  readonly port: number | undefined;
  /** How often it has ended by itself. */
  readonly crashes: number;
  /** @param clockHours how far its clock is wrong */
  start(clockHours?: number): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /** It stands still from now on, or goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

/**
 * The built server, which is killed and started again with the same settings.
 *
 * @param env its whole environment, beside the path
 * @param folder where it is started
 * @param log the file that its log goes to
 */
export function serverUnderTest(env: Readonly<Record<string, string>>, folder: string, log: string): ServerUnderTest {
  let child: ChildProcess | undefined;
  let port: number | undefined;
  let crashes = 0;
  return {
    get port() {
      return port;
    },
    get crashes() {
      return crashes;
    },
    async start(clockHours = 0) {
      const starting = spawn(process.execPath, ['--require', wrongClock, entryPoint], {
        cwd: folder,
        env: { PATH: process.env['PATH'], ...env, CLOCK_OFFSET_MS: String(clockHours * 3_600_000) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = starting;
      running.add(starting);
      starting.stderr.on('data', (chunk: Buffer) => {
        appendFileSync(log, chunk);
      });
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: starting.stdout }).on('line', (line) => {
          appendFileSync(log, `${line}\n`);
          if (!line.includes('webhook is listening')) return;
          port = (JSON.parse(line) as { port: number }).port;
          resolve();
        });
        starting.once('exit', () => {
          running.delete(starting);
          if (child === starting) {
            crashes += 1;
            port = undefined;
          }
          reject(new Error(`the server did not start; see ${log}`));
        });
      });
    },
    async kill(signal) {
      if (!child) return null;
      const ending = child;
      child = undefined;
      port = undefined;
      if (ending.exitCode !== null || ending.signalCode !== null) return ending.exitCode;
      const ended = once(ending, 'exit');
      ending.kill(signal);
      const [code] = (await ended) as [number | null];
      return code;
    },
    signal(signal) {
      child?.kill(signal);
    },
  };
}
