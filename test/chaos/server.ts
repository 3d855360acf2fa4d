import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const dist = path.join(__dirname, '..', '..', 'dist');
const entryPoint = path.join(dist, 'index.js');
const wrongClock = path.join(__dirname, 'wrong-clock.cjs');

export interface ServerUnderTest {
  /** Where it listens; undefined while it is down. */
  readonly port: number | undefined;
  /** @param clockHours how far its clock is wrong */
  start(clockHours?: number): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
}

/** The built server, which is killed and started again on the same data. Its log goes to a file. */
export function serverUnderTest(env: Readonly<Record<string, string>>, folder: string): ServerUnderTest {
  let child: ChildProcess | undefined;
  let port: number | undefined;
  const data = path.join(folder, 'data');
  return {
    get port() {
      return port;
    },
    async start(clockHours = 0) {
      const starting = spawn(process.execPath, ['--require', wrongClock, entryPoint], {
        cwd: folder,
        env: {
          PATH: process.env['PATH'],
          ...env,
          DATA_DIR: data,
          CLOCK_OFFSET_MS: String(clockHours * 3_600_000),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = starting;
      starting.stderr.on('data', (chunk: Buffer) => {
        appendFileSync(path.join(folder, 'server.log'), chunk);
      });
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: starting.stdout }).on('line', (line) => {
          appendFileSync(path.join(folder, 'server.log'), `${line}\n`);
          if (!line.includes('webhook is listening')) return;
          port = (JSON.parse(line) as { port: number }).port;
          resolve();
        });
        starting.once('exit', () => {
          port = undefined;
          reject(new Error(`the server did not start; see ${folder}/server.log`));
        });
      });
    },
    async kill(signal) {
      if (!child) return null;
      const ended = once(child, 'exit');
      child.kill(signal);
      port = undefined;
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}
