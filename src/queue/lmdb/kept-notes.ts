import type { EventStore } from '../event-store';
import type { Parts } from './parts';

/** How many notes are read at once. */
const READ_AT_ONCE = 500;

/** What is kept about conversations, beside their events. */
export function createKeptNotes({ file }: Parts): Pick<EventStore, 'keepNotes' | 'changedNotes' | 'keptNotes'> {
  return {
    keepNotes(notes) {
      file.soon((tables) => {
        for (const [conversation, text] of notes) {
          if (text === undefined) void tables.notes.remove(conversation);
          else void tables.notes.put(conversation, text);
        }
      });
    },
    /** Only the one bot on the folder keeps any. */
    changedNotes: () => Promise.resolve(new Map()),
    async *keptNotes() {
      let last: string | undefined;
      for (let rows = READ_AT_ONCE; rows === READ_AT_ONCE;) {
        const from = last === undefined ? {} : { start: last, exclusiveStart: true };
        const part = [...file.tables.notes.getRange({ ...from, limit: READ_AT_ONCE })];
        rows = part.length;
        for (const { key, value } of part) yield [(last = key), value] as const;
        if (rows === READ_AT_ONCE) await new Promise((resolve) => setImmediate(resolve)); // others have their turn
      }
    },
  };
}
