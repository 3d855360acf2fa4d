import type { Clock } from '../../process/clock';
import type { EventStore } from '../event-store';
import type { Database } from './database';
import { toText } from './row';

/** How many notes are read at once. */
const READ_AT_ONCE = 500;
/** How soon to try again what could not be written. */
const AGAIN_AFTER_MS = 1_000;

type Notes = Pick<EventStore, 'keepNotes' | 'keptNotes'>;

/** What is kept about conversations, beside their events. */
export function createNotes(database: Database, clock: Clock): Notes & { readonly close: () => Promise<void> } {
  let unwritten = new Map<string, string | undefined>();
  let writing: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    const notes = [...unwritten].sort(([a], [b]) => (a < b ? -1 : 1));
    unwritten = new Map();
    const kept = notes.filter((note): note is [string, string] => note[1] !== undefined);
    const forgotten = notes.filter(([, text]) => text === undefined).map(([conversation]) => toText(conversation));
    try {
      await database.query(
        `with forgotten as (delete from messenger_bot.notes where conversation = any($3))
         insert into messenger_bot.notes (conversation, text)
         select * from unnest($1::text[], $2::text[])
         on conflict (conversation) do update set text = excluded.text`,
        [kept.map(([conversation]) => toText(conversation)), kept.map(([, text]) => toText(text)), forgotten],
      );
    } catch (error) {
      unwritten = new Map([...notes, ...unwritten]); // what has come since is newer
      throw error;
    }
  };

  const writeAll = async (): Promise<void> => {
    while (unwritten.size > 0) await write();
  };

  const writeSoon = (): void => {
    writing ??= writeAll()
      .catch(() => {
        clock.after(AGAIN_AFTER_MS, writeSoon);
      })
      .finally(() => (writing = undefined));
  };

  return {
    keepNotes(notes) {
      for (const [conversation, text] of notes) {
        unwritten.delete(conversation);
        unwritten.set(conversation, text);
      }
      writeSoon();
    },
    async *keptNotes() {
      let last = '';
      for (let rows = READ_AT_ONCE; rows === READ_AT_ONCE;) {
        const part = await database.query<{ conversation: string; text: string }>(
          'select conversation, text from messenger_bot.notes where conversation > $1 order by conversation limit $2',
          [last, READ_AT_ONCE],
        );
        rows = part.length;
        for (const { conversation, text } of part) yield [(last = conversation), text] as const;
      }
    },
    close: async () => {
      await writing;
      await writeAll();
    },
  };
}
