import { enter, readOrSay, type Parts } from './parts';

/** How many events are read at once. */
const READ_AT_ONCE = 200;

/**
 * Makes what fills the schedule with all that has waited since before the start: bit by bit, so that whatever comes in meanwhile
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
