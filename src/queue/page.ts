import type { Logger } from 'pino';
import type { Clock } from '../process/clock';
import { createEvidence, type Evidence } from './evidence';
import { createGate, type Gate } from './gate';
import { createPace, type Pace } from './pace';

/** What a Page has of its own: nothing that one Page does or suffers reaches another. */
export interface Page {
  readonly gate: Gate;
  readonly pace: Pace;
  readonly evidence: Evidence;
}

export interface PageOptions {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly maxSendsPerSecond: number;
}

/** Makes what finds a Page by its name, made at first sight. */
export function createPages({ clock, random, log, maxSendsPerSecond }: PageOptions): (name: string) => Page {
  const pages = new Map<string, Page>();
  return (name) => {
    const known = pages.get(name);
    if (known) return known;
    const gate = createGate(clock, random, log);
    const page = { gate, pace: createPace(maxSendsPerSecond, clock), evidence: createEvidence() };
    pages.set(name, page);
    return page;
  };
}
