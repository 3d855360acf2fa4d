import path from 'node:path';
import { startWorker, type Worker } from '../worker';
import type { LoadCommands } from './load-process';

/** Starts the load in a process of its own. */
export function startLoad(): Worker<LoadCommands> {
  return startWorker<LoadCommands>(path.join(__dirname, 'load-process.ts'));
}
