import { KEEP_DONE_MS, KEEP_SET_ASIDE_MS, type DelayedEvent, type EventStore } from '../event-store';
import type { Database } from './database';
import { fromRow, type EventRow } from './row';

/** How many events are read at once for a list. */
const LIST_AT_ONCE = 200;

type ByHand = Pick<EventStore, 'retry' | 'drop' | 'get' | 'list' | 'figures' | 'troubled' | 'probe' | 'clean'>;

/** What operators do, and what they and those who watch over the store are told. `given` as everywhere. */
export function createByHand(database: Database, given: () => number | null, now: () => number): ByHand {
  return {
    retry: (id) => isDone('select messenger_bot.put_back($1, $2) as done', id),
    drop: (id) => isDone('select messenger_bot.drop_event($1, $2) as done', id),
    get: async (id) => {
      const [row] = await database.query<EventRow>(
        `select * from messenger_bot.events where id = $1 and state || '' <> 'done'`,
        [id],
      );
      return row && fromRow(row);
    },
    async *list() {
      const [last] = await database.query<{ seq: string }>(
        `select coalesce(max(seq), 0) as seq from messenger_bot.events where state <> 'done'`,
        [],
      );
      let from = '0';
      for (let rows = LIST_AT_ONCE; rows === LIST_AT_ONCE;) {
        const part = await database.query<EventRow>(
          `select * from messenger_bot.events where state <> 'done' and seq > $1 and seq <= $2 order by seq limit $3`,
          [from, last?.seq, LIST_AT_ONCE],
        );
        rows = part.length;
        for (const row of part) {
          from = String(row.seq);
          yield fromRow(row);
        }
      }
    },
    figures: async () => {
      const [row] = await database.query<{ waiting: string; put_back: string; oldest: number | null; aside: string }>(
        `select
           (select count(*) from messenger_bot.events where state = 'waiting') as waiting,
           (select count(*) from messenger_bot.events where state = 'waiting' and retried_at is not null) as put_back,
           (select min(coalesce(retried_at, received_at)) from messenger_bot.events where state = 'waiting') as oldest,
           (select count(*) from messenger_bot.events where state = 'set_aside') as aside`,
        [],
      );
      return {
        waiting: Number(row?.waiting),
        putBack: Number(row?.put_back),
        oldestSince: row?.oldest ?? undefined,
        setAside: Number(row?.aside),
      };
    },
    troubled: async (most) => {
      const [delayed, setAside] = await Promise.all([
        database.query<{ due_at: number; event: EventRow }>(
          `select c.due_at, to_json(e) as event
           from (
             select d.name, d.due_at from messenger_bot.conversations d where d.lease is null and d.repeated
             order by d.due_at limit $1
           ) as c cross join lateral messenger_bot.next_event(c.name) as e order by c.due_at`,
          [most],
        ),
        database.query<EventRow>(
          `select * from messenger_bot.events where state = 'set_aside' order by ended_at desc, seq desc limit $1`,
          [most],
        ),
      ]);
      return {
        delayed: delayed.map(({ due_at: dueAt, event }): DelayedEvent => ({
          event: fromRow(event),
          dueInMs: Math.max(0, dueAt - now()),
        })),
        setAside: setAside.map(fromRow),
      };
    },
    probe: async () => {
      await database.query(
        `insert into messenger_bot.probes (written_at) values (messenger_bot.time_of($1))
         on conflict (only_row) do update set written_at = excluded.written_at`,
        [given()],
      );
    },
    clean: async (until, most) => {
      const half = Math.ceil(most / 2);
      const keep = { done: KEEP_DONE_MS, set_aside: KEEP_SET_ASIDE_MS };
      const forgotten = Object.entries(keep).map(async ([state, ms]) => {
        // One instance whose clock is wrong must not forget what is everybody's.
        const [row] = await database.query<{ forgotten: number }>(
          'select messenger_bot.forget_events($1, least($2, messenger_bot.time_of($3)) - $4, $5) as forgotten',
          [state, until, given(), ms, half],
        );
        return Number(row?.forgotten);
      });
      return (await Promise.all(forgotten)).reduce((sum, count) => sum + count, 0);
    },
  };

  async function isDone(text: string, id: string): Promise<boolean> {
    const [row] = await database.query<{ done: boolean }>(text, [id, given()]);
    return row?.done === true;
  }
}
