import type { Clock } from '../../process/clock';
import { QueueFullError, StoreError, type Added, type EventStore, type NewEvent } from '../event-store';
import { ANSWER_LIMIT_MS, CHECK_DATABASE, type Database } from './database';
import { toText } from './row';

/** How long it is believed how many wait, in milliseconds. */
const COUNT_GOOD_FOR_MS = 1_000;
/** Below this part of the bound nobody counts exactly: others cannot fill the rest within that time. */
const FAR_FROM_FULL = 1 / 2;

/**
 * Taking events in.
 *
 * @param given the database's time as tests have it; null: its own
 */
export function createTakeIn(database: Database, clock: Clock, given: () => number | null): Pick<EventStore, 'add'> {
  let counted = { waiting: Infinity, at: -Infinity };
  /** Near the bound one after the other, so that what is counted is what waits. */
  let turn: Promise<unknown> = Promise.resolve();

  const store = async (events: readonly NewEvent[]): Promise<Added> => {
    const [row] = await database.query<{ added: number }>(
      'select messenger_bot.add_events($1, $2, $3, $4, $5, $6) as added',
      [
        events.map(({ id }) => toText(id)),
        events.map(({ page }) => toText(page)),
        events.map(({ conversation }) => toText(conversation)),
        events.map(({ timestamp }) => timestamp),
        events.map(({ payload }) => JSON.stringify(payload)),
        given(),
      ],
    );
    const added = Number(row?.added);
    counted = { ...counted, waiting: counted.waiting + added };
    return { added, known: events.length - added };
  };

  const storeIfRoom = async (events: readonly NewEvent[], most: number): Promise<Added> => {
    const ids = [...new Set(events.map(({ id }) => toText(id)))];
    const [row] = await database.query<{ waiting: string; known: string }>(
      `select
         (select count(*) from messenger_bot.events where state = 'waiting')
           - (select count(*) from messenger_bot.events where state = 'waiting' and retried_at is not null) as waiting,
         (select count(*) from messenger_bot.events where id = any($1)) as known`,
      [ids],
    );
    const waiting = Number(row?.waiting);
    const fresh = ids.length - Number(row?.known);
    counted = { waiting, at: clock.monotonic() };
    if (fresh > 0 && waiting + fresh > most) throw new QueueFullError(`More than ${most} events would wait.`);
    return store(events);
  };

  return {
    add: (events, most) => {
      const isFar =
        clock.monotonic() - counted.at < COUNT_GOOD_FOR_MS && counted.waiting + events.length <= most * FAR_FROM_FULL;
      if (isFar) return store(events);
      const askedAt = clock.monotonic();
      const mine = turn.then(() => {
        if (clock.monotonic() - askedAt < ANSWER_LIMIT_MS) return storeIfRoom(events, most);
        throw new StoreError('The events could not be stored: it took more than 3.5 seconds.', CHECK_DATABASE);
      });
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}
