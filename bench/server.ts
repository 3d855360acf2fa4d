import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../test/support/free-port';
import { end, remember } from './children';
import { monotonicMs, pause } from './clock';
import { environment, programs, type Contestant } from './contestants';

/** A contestant's server in a process of its own, listening. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process to the line that says it listens, in milliseconds. */
  readonly startMs: number;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** The name of the data folder inside a server's own folder. */
export const DATA = 'data';

const START_LIMIT_MS = 60_000;
const LISTENING = 'webhook is listening';

/**
 * Starts a contestant's server; what it prints goes to a file.
 *
 * @param contestant which one
 * @param folder its own folder, for its data and its log
 * @param settings what differs from the environment that all have
 */
export async function startServer(
  contestant: Contestant,
  folder: string,
  settings: Readonly<Record<string, string>>,
): Promise<Server> {
  const port = await freePort();
  const logFile = path.join(folder, `${contestant}-${port}.log`);
  const output = openSync(logFile, 'w');
  const env = {
    PATH: process.env['PATH'],
    ...environment,
    PORT: String(port),
    DATA_DIR: path.join(folder, DATA),
    ...settings,
  };
  const startedAt = monotonicMs();
  const child = remember(
    spawn(process.execPath, [programs[contestant]], { cwd: folder, env, stdio: ['ignore', output, output] }),
  );
  closeSync(output);
  await untilListening(child, logFile, startedAt);
  return {
    pid: child.pid ?? NaN,
    port,
    startMs: monotonicMs() - startedAt,
    stop: (signal = 'SIGKILL') => end(child, signal),
  };
}

async function untilListening(child: ChildProcess, logFile: string, startedAt: number): Promise<void> {
  while (!readFileSync(logFile, 'utf8').includes(LISTENING)) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || monotonicMs() - startedAt > START_LIMIT_MS) {
      const log = readFileSync(logFile, 'utf8').slice(-2_000);
      throw new Error(`${child.spawnargs.join(' ')} ${ended ? 'ended' : 'did not listen in time'}:\n${log}`);
    }
    await pause(2);
  }
}
