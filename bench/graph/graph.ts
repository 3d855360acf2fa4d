import path from 'node:path';
import { startWorker, type Worker } from '../worker';
import type { GraphCommands } from './graph-process';

/** Starts the stand-in for Graph in a process of its own. */
export async function startGraph(): Promise<{ readonly url: string; readonly worker: Worker<GraphCommands> }> {
  const worker = startWorker<GraphCommands>(path.join(__dirname, 'graph-process.ts'));
  const port = await worker.ask('listen', undefined);
  return { url: `http://127.0.0.1:${port}`, worker };
}
