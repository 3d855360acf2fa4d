import { enter, read, type Parts } from './parts';
import type { EventRecord } from './record';

/** How often to look what other processes have done to the file. */
const LOOK_EVERY_MS = 1_000;

/** How many changes are followed at once, and how long others then have their turn: an operator may have made very many. */
const FOLLOW_AT_ONCE = 250;
const FOLLOW_ON_MS = 50;

/** Follows what an operator has done to an event; its conversation need not wait any longer. */
export function follow(parts: Parts, sequence: number, conversation: string): void {
  if (parts.ended.has(sequence)) return; // the disk does not know it yet
  const record = readIfWhole(parts, sequence);
  if (record?.state !== 'waiting') parts.schedule.remove(conversation, sequence);
  else if (!parts.schedule.has(conversation, sequence)) enter(parts, record, false);
  parts.schedule.hurry(conversation, parts.clock.monotonic());
}

/** A damaged event is nobody's turn any more; `findDamage` and `list` speak of it. */
function readIfWhole({ file }: Parts, sequence: number): EventRecord | undefined {
  try {
    return read(file.tables, sequence);
  } catch {
    return undefined;
  }
}

/**
 * Makes what looks once a second: is the file still there, and what have other processes put back or dropped?
 *
 * @param signal is aborted when the store closes
 */
export function createLookAround(parts: Parts, signal: AbortSignal): () => Promise<void> {
  const { file, arrivals, notes, clock } = parts;
  let lookedAt = -Infinity;
  let isFollowing = false;

  /** Follows the first changes, bit by bit all of them; only those are removed that were followed. */
  const followNext = (): void => {
    if (signal.aborted) return;
    const seen = [...file.tables.changed.getRange({ limit: FOLLOW_AT_ONCE })];
    isFollowing = seen.length > 0;
    if (!isFollowing) return;
    const followSeen = () => {
      for (const { key, value } of seen) follow(parts, key, value);
    };
    followSeen();
    file.soon(
      ({ changed }) => {
        for (const { key } of seen) void changed.remove(key);
      },
      () => {
        followSeen(); // some may have been changed once more meanwhile
        clock.after(FOLLOW_ON_MS, followOn);
      },
    );
  };

  /** Where the file cannot be read at this moment, the next look goes on. */
  const followOn = (): void => {
    try {
      followNext();
    } catch {
      isFollowing = false;
    }
  };

  return async () => {
    if (clock.monotonic() - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = clock.monotonic();
    await file.check();
    arrivals.check();
    notes.check();
    if (!isFollowing) followNext();
  };
}
