import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pause } from './clock';

const STOP_LIMIT_MS = 15_000;
const running = new Set<ChildProcess>();

/** Remembers a child process, so that it is gone when the benchmark is, whatever happens. */
export function remember<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends a child process and resolves when it is gone; one that does not end in time is killed. */
export async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await Promise.race([ended, pause(STOP_LIMIT_MS)]);
  child.kill('SIGKILL');
  await ended;
}

/** Lets no child process outlive this one, also when it is interrupted. */
export function killChildrenAtTheEnd(): void {
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));
}
