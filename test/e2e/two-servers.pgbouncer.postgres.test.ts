import { createDatabase } from '../support/database';
import { startPgBouncer } from '../support/pgbouncer';
import { countingGraph, startServer } from '../support/started-server';
import { Client } from 'pg';

const PAGE = '100200300400500';
const PERSONS = Array.from({ length: 12 }, (_, n) => String(24_601_000_000 + n));
const POOL_SIZE = 2;

const tap = (payload: string) => ({ text: 'tap', quick_reply: { payload } });
const written = [{ text: 'hello' }, tap('pass_to_inbox')];
/** What each person's messages ask for, in order. */
const asked = ['/me/messages', '/me/messages', '/me/pass_thread_control'];

function bodyOf(person: string, step: number): string {
  const timestamp = Date.now() + step;
  const message = { mid: `m_${person}_${step}`, ...written[step] };
  const event = { sender: { id: person }, recipient: { id: PAGE }, timestamp, message };
  return JSON.stringify({ object: 'page', entry: [{ id: PAGE, time: timestamp, messaging: [event] }] });
}

async function countConnections(connectionString: string): Promise<number> {
  const client = new Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  await client.end();
  return rows[0]?.count ?? NaN;
}

describe('two servers behind PgBouncer, which gives each transaction another of two connections', () => {
  it('handle every event once and in order, and end at once when they are told to', async () => {
    const database = await createDatabase();
    const bouncer = await startPgBouncer(database, POOL_SIZE);
    const graph = await countingGraph();
    const env = { DATABASE_URL: bouncer.url, MAX_SENDS_PER_SECOND: '300' };
    const servers = [await startServer(graph.url, env), await startServer(graph.url, env)] as const;

    for (const step of written.keys()) {
      await Promise.all(
        PERSONS.flatMap((person) => {
          const body = bodyOf(person, step);
          return servers.map(async ({ post }) => {
            expect((await post(body)).status).toBe(200);
          });
        }),
      );
    }
    await graph.got(PERSONS.length * asked.length);
    expect(await countConnections(database)).toBeLessThanOrEqual(2);

    for (const { kill } of servers) kill('SIGTERM');
    for (const { ended } of servers) expect((await ended).code).toBe(0);
    await bouncer.stop();
    const callsOf = (person: string) =>
      graph.calls
        .filter(({ body }) => (body as { recipient: { id: string } }).recipient.id === person)
        .map(({ path }) => path);
    for (const person of PERSONS) expect(callsOf(person)).toEqual(asked);
  });
});
