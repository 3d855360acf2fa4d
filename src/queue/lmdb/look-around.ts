import { enter, read, type Parts } from './parts';
import type { EventRecord } from './record';

/** How often to look what other processes have done to the file. */
const LOOK_EVERY_MS = 1_000;

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
