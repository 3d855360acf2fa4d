import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const entryPoint = path.join(__dirname, '..', '..', 'dist', 'index.js');

export interface ServerUnderTest {
  /** Where it listens; undefined while it is down. */
  readonly port: number | undefined;
  start(): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
}

/** The built server, which is killed and started again on the same data. Its log goes to a file. */
export function serverUnderTest(env: Readonly<Record<string, string>>, folder: string): ServerUnderTest {
  let child: ChildProcess | undefined;
  let port: number | undefined;
  return {
    get port() {
      return port;
    },
    async start() {
      const starting = spawn(process.execPath, [entryPoint], {
        cwd: folder,
        env: { PATH: process.env['PATH'], ...env, DATA_DIR: path.join(folder, 'data') },
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
