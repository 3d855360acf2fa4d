import { z } from 'zod';
import type { Clock } from '../process/clock';
import type { EventStore } from '../queue/event-store';
import type { HumanHands } from './human-hands';
import { MOST_SIGNS, type Traces } from './traces';

/** A kill takes what has changed since; the disk has it a tenth of a second later. */
const KEEP_EVERY_MS = 100;
/** How soon it is known what other bots on the same store have seen. */
const LEARN_EVERY_MS = 1_000;

const time = z.number().int().nonnegative();
const sign = z.tuple([time, time]);
const tracesSchema = z.object({
  returnedAt: time.optional(),
  signs: z.array(sign).max(MOST_SIGNS),
  personAt: time.optional(),
  humanAt: time.optional(),
});
/** As it was kept when there was one sign only. */
const handSchema = z
  .object({ at: time, since: time, personAt: time, humanAt: time.optional() })
  .transform(({ at, since, ...rest }): Traces => ({ signs: [[at, since]], ...rest }));
const noteSchema = z.union([tracesSchema, handSchema]);

export interface HandsKeeper {
  /** Goes on with what was kept, keeps what changes from now on, and learns what others have kept. */
  start(): Promise<void>;
  /** Keeps what has changed last. */
  stop(): void;
}

/** Makes what keeps, across a restart and for other bots on the same store, which conversations humans have. */
export function createHandsKeeper(
  hands: HumanHands,
  store: Pick<EventStore, 'keepNotes' | 'keptNotes' | 'changedNotes'>,
  clock: Clock,
): HandsKeeper {
  let cancelKeeping: () => void = () => undefined;
  let cancelLearning: () => void = () => undefined;
  let hasStopped = false;

  const keep = (): void => {
    const changes = [...hands.changes()];
    if (changes.length === 0) return;
    store.keepNotes(new Map(changes.map(([conversation, traces]) => [conversation, traces && JSON.stringify(traces)])));
  };

  const keepOn = (): void => {
    keep();
    cancelKeeping = clock.after(KEEP_EVERY_MS, keepOn);
  };

  const learn = (conversation: string, text: string | undefined): void => {
    if (text === undefined) hands.learnForgotten(conversation, clock.now());
    const traces = noteSchema.safeParse(parse(text)).data;
    if (traces) hands.learn(conversation, traces);
  };

  const learnOn = async (): Promise<void> => {
    // Where the store cannot be reached, whoever takes events in says so; what has changed is asked for again.
    const changed = await store.changedNotes().catch(() => new Map<string, string | undefined>());
    if (hasStopped) return;
    changed.forEach((text, conversation) => {
      learn(conversation, text);
    });
    cancelLearning = clock.after(LEARN_EVERY_MS, () => void learnOn());
  };

  return {
    async start() {
      keepOn();
      void learnOn();
      for await (const [conversation, text] of store.keptNotes()) {
        if (hasStopped) return; // the store is about to be closed
        learn(conversation, text);
      }
    },
    stop() {
      hasStopped = true;
      cancelKeeping();
      cancelLearning();
      keep();
    },
  };
}

function parse(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
