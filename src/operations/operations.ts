import type { Express } from 'express';
import type { Config } from '../config';
import type { Clock } from '../process/clock';
import type { Logger } from '../process/logger';
import { isLoopback } from '../process/loopback';
import type { PageBook } from '../process/page-book';
import type { PersonName } from '../process/person-name';
import type { EventQueue } from '../queue/event-queue';
import type { EventStore } from '../queue/event-store';
import { createHumanHands, type HumanHands } from './human-hands';
import { createHandsKeeper } from './keep-hands';
import { createMetrics, type Gauges, type Meter } from './meter';
import { createOperationsApp } from './operations-app';
import type { Readiness } from './readiness';
import { describeState } from './state';

export interface OperationsOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly nameOf: PersonName;
  /** The Pages there are now. */
  readonly pages: () => PageBook;
  readonly readiness: Readiness;
}

/** What is watched. */
export interface Watched {
  readonly store: EventStore;
  readonly queue: Pick<EventQueue, 'status'>;
}

export interface Operations {
  readonly app: Express;
  readonly meter: Meter;
  readonly hands: HumanHands;
  /** There is something to be watched from now on. */
  begin(watched: Watched): void;
  /** Keeps what has to outlive the process; the store is closed after that. */
  end(): void;
}

/** Puts together what operators see of a running bot. */
export function createOperations({ config, log, clock, nameOf, pages, readiness }: OperationsOptions): Operations {
  const hands = createHumanHands();
  const reasons = () => readiness.reasons();
  let watched: (Watched & { readonly stop: () => void }) | undefined;
  const { meter, contentType, text } = createMetrics(() => gauges(watched, { config, clock, hands, pages, reasons }));
  const app = createOperationsApp({
    log,
    reasons,
    metrics: { contentType, text },
    state: async () =>
      watched
        ? describeState({ ...watched, clock, reasons, hands, nameOf, pages: pages() })
        : { ready: false, reasons: await reasons() },
    dataDir: config.databaseUrl === undefined ? config.dataDir : undefined,
    onlyLoopback: isLoopback(config.operationsHost),
  });
  return {
    app,
    meter,
    hands,
    begin({ store, queue }) {
      const keeper = createHandsKeeper(hands, store, clock);
      watched = {
        store,
        queue,
        stop: () => {
          keeper.stop();
        },
      };
      keeper.start().catch((error: unknown) => {
        log.warn({ err: error }, 'who had which conversation could not be read; it is found anew as people write');
      });
    },
    end() {
      watched?.stop();
      watched = undefined;
    },
  };
}

interface GaugeSources {
  readonly config: Config;
  readonly clock: Clock;
  readonly hands: HumanHands;
  readonly pages: () => PageBook;
  readonly reasons: Readiness['reasons'];
}

/** As long as the store is not open, or does not answer. */
const unknown = { waiting: NaN, putBack: NaN, oldestSince: undefined, setAside: NaN };

async function gauges(watched: Watched | undefined, sources: GaugeSources): Promise<Gauges> {
  const { config, clock, hands, pages, reasons } = sources;
  const now = clock.now();
  const age = (since: number | undefined) => (since === undefined ? 0 : Math.max(0, now - since) / 1_000);
  const [why, figures] = await Promise.all([reasons(), watched?.store.figures().catch(() => unknown) ?? unknown]);
  const status = watched?.queue.status() ?? { underWay: 0, pages: [] };
  const { held, unanswered, lastWordIsThePersons } = hands.figures(now);
  return {
    ready: why.length === 0,
    waiting: figures.waiting,
    setAside: figures.setAside,
    mostWaiting: config.maxPendingEvents,
    oldestWaiting: figures.waiting === 0 || figures.oldestSince !== undefined ? age(figures.oldestSince) : NaN,
    underWay: status.underWay,
    pages: status.pages.flatMap(({ page, closed, inLine }) => {
      const name = pages().nameOf(page);
      if (name === undefined) return []; // it has left: nobody waits for its calls
      return {
        page: name,
        paused: closed?.kind === 'pause' ? closed.sinceMs / 1_000 : undefined,
        held: closed?.kind === 'hold' ? closed.sinceMs / 1_000 : undefined,
        inLine,
      };
    }),
    humanHands: held,
    unanswered: unanswered.count,
    oldestUnanswered: age(unanswered.since),
    lastWordIsThePersons: lastWordIsThePersons.count,
    oldestLastWord: age(lastWordIsThePersons.since),
  };
}
