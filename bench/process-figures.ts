import { readFileSync } from 'node:fs';

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
