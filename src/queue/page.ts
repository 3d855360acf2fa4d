import type { Logger } from 'pino';
import type { EventStore } from './event-store';
import { createEvidence, type Evidence } from './evidence';
import { createGate, type Gate } from './gate';
import type { Pace } from './pace';

/** What a Page has of its own: nothing that one Page does or suffers reaches another. */
export interface Page {
  readonly gate: Gate;
  readonly pace: Pace;
  readonly evidence: Evidence;
}

export interface PageOptions {
  readonly store: Pick<EventStore, 'gateCell' | 'pace'>;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly maxSendsPerSecond: number;
  /** What each log line about a Page begins with. */
  readonly aboutPage: (page: string) => Readonly<Record<string, unknown>>;
}

export interface Pages {
  /** A Page by its name, made at first sight. */
  readonly of: (name: string) => Page;
  /** All that were seen. */
  readonly all: () => ReadonlyMap<string, Page>;
}

/** Makes what holds the Pages. */
export function createPages({ store, random, log, maxSendsPerSecond, aboutPage }: PageOptions): Pages {
  const pages = new Map<string, Page>();
  const of = (name: string): Page => {
    const known = pages.get(name);
    if (known) return known;
    const gate = createGate(store.gateCell(name), random, log, () => aboutPage(name));
    const page = { gate, pace: store.pace(name, maxSendsPerSecond), evidence: createEvidence() };
    pages.set(name, page);
    return page;
  };
  return { of, all: () => pages };
}
