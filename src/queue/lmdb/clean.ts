import { KEEP_DONE_MS, KEEP_SET_ASIDE_MS } from '../event-store';
import type { DataFile } from './data-file';

/** Forgets what has been kept long enough; see `EventStore.clean`. */
export async function clean(file: DataFile, now: number, most: number): Promise<number> {
  const { done, aside } = file.tables;
  const before = (time: number) => ({ start: [0, 0], end: [time, 0], limit: Math.ceil(most / 2) });
  const oldDone = [...done.getRange(before(now - KEEP_DONE_MS))];
  const oldAside = [...aside.getRange(before(now - KEEP_SET_ASIDE_MS))];
  if (oldDone.length + oldAside.length === 0) return 0;
  await file.transact((tables) => {
    for (const { key, value } of oldDone) {
      void tables.done.remove(key);
      void tables.ids.remove(value);
    }
    for (const { key, value } of oldAside) {
      if (!tables.aside.doesExist(key)) continue; // put back a moment ago
      void tables.aside.remove(key);
      void tables.records.remove(key[1]);
      void tables.ids.remove(value);
    }
  });
  return oldDone.length + oldAside.length;
}
