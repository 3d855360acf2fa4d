import { OperatorError } from '../../process/operator-error';
import type { CarriedEvent, EventStore, MovableStore } from '../event-store';
import type { Database } from './database';
import { toText, type EventRow } from './row';

/** How many ids are read at once. */
const READ_AT_ONCE = 1_000;

/** What bots call themselves to the database, and what others do who work on it: a move waits for the end of all bots. */
export const BOT_NAME = 'messenger-handover-bot';
export const COMMAND_NAME = 'messenger-handover-bot command';

/** Carrying everything from this store to another one, or from there. */
export function createCarry(
  database: Database,
  list: EventStore['list'],
  given: () => number | null,
): Pick<MovableStore, 'exportAll' | 'importAll' | 'markMoved'> {
  return {
    async *exportAll() {
      let [lastTime, lastId] = [-Infinity, ''];
      for (let rows = READ_AT_ONCE; rows === READ_AT_ONCE;) {
        const part = await database.query<{ id: string; ended_at: number }>(
          `select id, ended_at from messenger_bot.events
           where state = 'done' and ended_at >= $1 and (ended_at, id) > ($1, $2) order by ended_at, id limit $3`,
          [lastTime, lastId, READ_AT_ONCE],
        );
        rows = part.length;
        for (const { id, ended_at: endedAt } of part) {
          [lastTime, lastId] = [endedAt, id];
          yield { state: 'done', id, endedAt };
        }
      }
      yield* list();
    },
    importAll: async (events) => {
      const rows = events.map((event, place) => toRow(event, place));
      const [row] = await database.query<{ added: number }>('select messenger_bot.import_events($1, $2) as added', [
        JSON.stringify(rows),
        given(),
      ]);
      return Number(row?.added);
    },
    markMoved: async (to) => {
      await database.query(
        'insert into messenger_bot.moved (destination) values ($1) on conflict (only_row) do nothing',
        [toText(to)],
      );
      const before = await movedTo(database);
      if (before !== to) throw moved(String(before));
      // One that starts now sees the mark.
      const bots = await database.query(
        'select from pg_stat_activity where datname = current_database() and application_name = $1',
        [BOT_NAME],
      );
      if (bots.length === 0) return;
      await database.query('delete from messenger_bot.moved', []);
      throw new Error('Bots are working on the database. Stop all of them first: nothing was moved.');
    },
  };
}

type CarriedRow = Omit<EventRow, 'state'> & { readonly state: CarriedEvent['state']; readonly begun: boolean };

/** As a row of the table is: of a done event only what is known. */
function toRow(event: CarriedEvent, place: number): CarriedRow {
  const nothing = { page: '', conversation: '', timestamp: 0, payload: '', receivedAt: 0, attempts: 0, uncertain: 0 };
  const all = event.state === 'done' ? { ...nothing, calls: [], ...event } : event;
  return {
    id: toText(all.id),
    seq: place,
    page: toText(all.page),
    conversation: toText(all.conversation),
    happened_at: all.timestamp,
    received_at: all.receivedAt,
    payload: all.state === 'done' ? '' : JSON.stringify(all.payload),
    state: all.state,
    attempts: all.attempts,
    uncertain: all.uncertain,
    calls: JSON.stringify(all.calls),
    begun: all.calls.length > 0,
    reason: 'reason' in all ? toText(all.reason) : null,
    ended_at: 'endedAt' in all ? all.endedAt : null,
    retried_at: 'retriedAt' in all ? all.retriedAt : null,
  };
}

async function movedTo(database: Database): Promise<string | undefined> {
  const [row] = await database.query<{ destination: string }>('select destination from messenger_bot.moved', []);
  return row?.destination;
}

/** @throws {OperatorError} when the events of the database have been moved elsewhere */
export async function requireNotMoved(database: Database): Promise<void> {
  const to = await movedTo(database);
  if (to !== undefined) throw moved(to);
}

function moved(to: string): OperatorError {
  return new OperatorError(
    `The events in the database of DATABASE_URL were moved to ${to}, and are handled there. Remove DATABASE_URL, or set it to another database. Only where no bot has run there since, run DELETE FROM messenger_bot.moved to go on here.`,
  );
}
