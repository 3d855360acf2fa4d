import { z } from 'zod';
import type { Clock } from '../process/clock';
import type { EventStore } from '../queue/event-store';
import type { HumanHands } from './human-hands';

/** A kill takes what has changed since; the disk has it a tenth of a second later. */
const KEEP_EVERY_MS = 100;

const time = z.number().int().nonnegative();
const handSchema = z.object({ at: time, since: time, personAt: time, humanAt: time.optional() });

export interface HandsKeeper {
  /** Goes on with what was kept, and keeps what changes from now on, ten times a second. */
  start(): Promise<void>;
  /** Keeps what has changed last. */
  stop(): void;
}

/** Makes what keeps, across a restart, which conversations humans have. */
export function createHandsKeeper(
  hands: HumanHands,
  store: Pick<EventStore, 'keepNotes' | 'keptNotes'>,
  clock: Clock,
): HandsKeeper {
  let cancel: () => void = () => undefined;
  let hasStopped = false;

  const keep = (): void => {
    const changes = [...hands.changes()];
    if (changes.length === 0) return;
    store.keepNotes(new Map(changes.map(([conversation, hand]) => [conversation, hand && JSON.stringify(hand)])));
  };

  const keepOn = (): void => {
    keep();
    cancel = clock.after(KEEP_EVERY_MS, keepOn);
  };

  return {
    async start() {
      keepOn();
      for await (const [conversation, text] of store.keptNotes()) {
        if (hasStopped) return; // the store is about to be closed
        const hand = handSchema.safeParse(parse(text)).data;
        if (hand) hands.restore(conversation, { ...hand, humanAt: hand.humanAt });
      }
    },
    stop() {
      hasStopped = true;
      cancel();
      keep();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
