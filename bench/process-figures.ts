import { readFileSync } from 'node:fs';
import { monotonicMs, pause } from './clock';

/** Linux counts processor time for programs in hundredths of a second, on every machine that Node runs on. */
const MS_PER_TICK = 10;

/** Processor time that a process has used so far, all its threads together, in milliseconds. */
export function processorMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets, which may hold blanks: fields are counted behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Memory of a process that is resident, and the part of it that belongs to no file, in MiB. */
export function residentMib(pid: number): { all: number; anonymous: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024;
  return { all: field('VmRSS'), anonymous: field('RssAnon') };
}

const IDLE_SHARE = 0.02;
const IDLE_LIMIT_MS = 120_000;

/**
 * Waits until a server has done what it does after its start or after a load: until it has hardly used the processor for a
 * while, and the processes it has started have ended.
 */
export async function untilIdle(pid: number, forMs = 1_000): Promise<void> {
  const giveUpAt = monotonicMs() + IDLE_LIMIT_MS;
  for (;;) {
    const before = processorMs(pid);
    await pause(forMs);
    if (processorMs(pid) - before <= forMs * IDLE_SHARE && !hasChildren(pid)) return;
    if (monotonicMs() > giveUpAt) throw new Error(`the server was still busy after ${IDLE_LIMIT_MS / 1_000} seconds`);
  }
}

function hasChildren(pid: number): boolean {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') !== '';
}
