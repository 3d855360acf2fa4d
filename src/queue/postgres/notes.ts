import type { Clock } from '../../process/clock';
import type { EventStore } from '../event-store';
import type { Database } from './database';
import { toText } from './row';

/** How many notes are read at once. */
const READ_AT_ONCE = 500;
/** How soon to try again what could not be written. */
const AGAIN_AFTER_MS = 1_000;
/** What was kept shortly before may have become visible only now: it is told again. */
const TELL_AGAIN_MS = 15_000;

type Notes = Pick<EventStore, 'keepNotes' | 'changedNotes' | 'keptNotes'>;

/** What is kept about conversations, beside their events. */
export function createNotes(
  database: Database,
  clock: Clock,
  given: () => number | null,
): Notes & { readonly close: () => Promise<void> } {
  let unwritten = new Map<string, string | undefined>();
  let writing: Promise<void> | undefined;
  /** By the database's clock. */
  let askedAt: number | null = null;

  const write = async (): Promise<void> => {
    const notes = [...unwritten].sort(([a], [b]) => (a < b ? -1 : 1));
    unwritten = new Map();
    try {
      await database.query('select messenger_bot.keep_notes($1, $2, $3)', [
        notes.map(([conversation]) => toText(conversation)),
        notes.map(([, text]) => (text === undefined ? null : toText(text))),
        given(),
      ]);
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
    changedNotes: async () => {
      const rows = await database.query<{ now: number; conversation: string | null; text: string | null }>(
        `with clock as materialized (select messenger_bot.time_of($1) as now)
         select clock.now, n.conversation, n.text from clock
           left join messenger_bot.notes n on n.kept_at >= coalesce($2, clock.now) - $3`,
        [given(), askedAt, TELL_AGAIN_MS],
      );
      askedAt = Number(rows[0]?.now);
      const changed = rows.filter((row): row is typeof row & { conversation: string } => row.conversation !== null);
      return new Map(changed.map(({ conversation, text }) => [conversation, text ?? undefined]));
    },
    async *keptNotes() {
      let last = '';
      for (let rows = READ_AT_ONCE; rows === READ_AT_ONCE;) {
        const part = await database.query<{ conversation: string; text: string }>(
          'select conversation, text from messenger_bot.notes where conversation > $1 and text is not null order by conversation limit $2',
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
