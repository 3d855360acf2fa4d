import { z } from 'zod';
import type { Clock } from '../process/clock';
import type { EventStore } from '../queue/event-store';
import type { HumanHands } from './human-hands';

const KEEP_EVERY_MS = 1_000;

const time = z.number().int().nonnegative();
const handSchema = z.object({ since: time, personAt: time, humanAt: time.optional() });

export interface HandsKeeper {
  /** Goes on with what was kept, and keeps what changes from now on, once a second. */
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
        const hand = handSchema.safeParse(parse(text)).data;
        if (hand) hands.restore(conversation, { ...hand, humanAt: hand.humanAt });
      }
    },
    stop() {
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
