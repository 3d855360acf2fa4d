import { read, readOrSay, type Parts } from './parts';
import type { EventRecord } from './record';

/** How many events are read at once when the schedule is made. */
const READ_AT_ONCE = 200;
/** How often to look what other processes have done to the file. */
const LOOK_EVERY_MS = 1_000;

/** Puts an event into the schedule. */
export function enter({ schedule, clock }: Parts, record: EventRecord, isAtHand: boolean): void {
  const { sequence, timestamp, attempts, calls, page, conversation } = record;
  const event = isAtHand ? record : undefined;
  const waiting = { sequence, timestamp, repeated: attempts > 0, begun: calls.length > 0, event, next: undefined };
  schedule.add(page, conversation, waiting, clock.monotonic());
}

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
 * Makes what makes the schedule of all that has waited since before the start: bit by bit, so that whatever comes in meanwhile
 * does not wait. Where it fails it goes on, asked again, from where it was.
 *
 * @param upTo the highest number that such an event can have
 */
export function createLoad(parts: Parts, upTo: number): () => Promise<void> {
  let from = 0;
  return async () => {
    for (;;) {
      const part = [...parts.file.tables.records.getKeys({ start: from, end: upTo + 1, limit: READ_AT_ONCE })];
      for (const sequence of part) {
        const record = readOrSay(parts, sequence);
        if (record?.state === 'waiting') enter(parts, record, false);
        from = sequence + 1;
      }
      if (part.length < READ_AT_ONCE) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    parts.isLoaded = true;
  };
}

/** Makes what looks once a second: is the file still there, and what have other processes put back or dropped? */
export function createLookAround(parts: Parts): () => Promise<void> {
  const { file, arrivals, notes, clock } = parts;
  let lookedAt = -Infinity;
  return async () => {
    if (clock.monotonic() - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = clock.monotonic();
    await file.check();
    arrivals.check();
    notes.check();
    const changed = [...file.tables.changed.getRange()];
    if (changed.length === 0) return;
    for (const { key, value } of changed) follow(parts, key, value);
    let seen = changed;
    file.soon(
      ({ changed: table }) => {
        seen = [...table.getRange()]; // more may have come
        for (const { key } of seen) void table.remove(key);
      },
      () => {
        for (const { key, value } of seen) follow(parts, key, value);
      },
    );
  };
}
