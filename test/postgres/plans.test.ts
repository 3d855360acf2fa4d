import { Client } from 'pg';
import type { NewEvent } from '../../src/queue/event-store';
import { openPostgresStore } from '../../src/queue/postgres/store';
import { createDatabase } from '../support/database';

const MANY = 5_000;
const event = (n: number): NewEvent => ({ id: `e${n}`, page: 'p', conversation: `c${n}`, timestamp: n, payload: {} });

const opened: { end: () => Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.end();
});

/**
 * Many events that have just come in, of which the planner knows nothing yet: when it was last told, all were done. One session has
 * plans from before that, made for a statement while next to nothing was there.
 */
async function openCrowded(statement: string): Promise<Client> {
  const url = await createDatabase();
  const store = await openPostgresStore(url, { exclusive: true });
  opened.push({ end: () => store.close() });
  const connect = async () => {
    const client = new Client({ connectionString: url });
    await client.connect();
    opened.push(client);
    return client;
  };
  const [client, session] = [await connect(), await connect()];
  for (const table of ['events', 'conversations'])
    await client.query(`alter table messenger_bot.${table} set (autovacuum_enabled = off)`);
  await store.add([event(MANY)], MANY);
  await client.query('vacuum analyze messenger_bot.events, messenger_bot.conversations');
  for (let n = 0; n < 8; n += 1) await session.query(`begin; ${statement}; rollback`);
  await client.query(
    `insert into messenger_bot.events (id, page, conversation, happened_at, received_at, payload, state, ended_at)
     select 'd' || n, 'p', 'd' || n, n, n, '', 'done', n from generate_series(1, 20000) n`,
  );
  await client.query('analyze messenger_bot.events');
  await store.add(
    Array.from({ length: MANY }, (_, n) => event(n)),
    2 * MANY,
  );
  await client.query("update messenger_bot.conversations set lease = 7, leased_until = 'infinity' where name = 'c0'");
  await client.query(
    "update messenger_bot.events set state = 'set_aside' where state = 'waiting' and happened_at::int % 2 = 1",
  );
  return session;
}

/** How many rows a session has read. */
async function readBy(session: Client): Promise<number> {
  const { rows } = await session.query<{ read: number }>(
    `select sum(seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables where schemaname = 'messenger_bot'`,
  );
  return Number(rows[0]?.read);
}

describe('many events that wait, or were set aside', () => {
  it.each([
    ['looking', 'select * from messenger_bot.look(null)'],
    [
      'leasing ten conversations',
      "select * from messenger_bot.lease_conversations('p', false, 10, 1, 'infinity', null)",
    ],
    ['making leases longer', "select messenger_bot.renew_leases('{c0}', '{7}', 1, null)"],
    ['ending old leases', 'select messenger_bot.end_old_leases(0, null)'],
    ['forgetting', "select messenger_bot.forget_events('done', 0, 250)"],
    ['ending an event', "select messenger_bot.end_event('c0', 7, 'e0', 'done', null, true, 1, null)"],
    ['giving a conversation back', "select messenger_bot.end_event('c0', 7, 'e0', 'done', null, false, 1, null)"],
    ['setting one aside', "select messenger_bot.end_event('c0', 7, 'e0', 'set_aside', '', true, 1, null)"],
    ['postponing one', "select messenger_bot.postpone_event('c0', 7, 'e0', 0, '', true, false, null)"],
    ['noting a call', "select messenger_bot.note_calls('c0', 7, 'e0', '[]')"],
    ['dropping one', "select messenger_bot.drop_event('e1', null)"],
    ['putting one back', "select messenger_bot.put_back('e3', null)"],
    ['taking one in', "select messenger_bot.add_events('{new}', '{p}', '{c0}', '{1}', '{1}', null)"],
  ])('are not looked through for %s', async (_what, statement) => {
    const session = await openCrowded(statement);
    await session.query('begin');
    const before = await readBy(session);
    await session.query(statement);
    expect((await readBy(session)) - before).toBeLessThan(100);
  });
});
