import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { Client } from 'pg';
import { STEPS } from './schema';

/** What a database says of itself. */
export interface DatabaseFacts {
  /** Like 17.2. */
  readonly version: string;
  /** Like 170002. */
  readonly versionNumber: number;
  /** It is a standby, or was told to take no changes. */
  readonly isReadOnly: boolean;
  /** Settings that let it forget, after a crash, what it has confirmed; with their values. */
  readonly forgetful: readonly string[];
  /** How transactions of this user see each other where they do not say otherwise, like "read committed". */
  readonly isolation: string;
  /** Whether this user may make the schema, or change what stands in it. */
  readonly mayWrite: boolean;
  readonly user: string;
  /** A newer version of this program has made the tables so that this one cannot read them. */
  readonly isTooNew: boolean;
  /** Where the events have been moved to, in words; null where they are still there. */
  readonly movedTo: string | null;
  /** Whether the way to it is encrypted. */
  readonly isEncrypted: boolean;
  /** How far its clock is ahead of this machine's, in milliseconds. */
  readonly clockAheadMs: number;
  /** The quickest of a few questions, from here and back, in milliseconds. */
  readonly roundTripMs: number;
  /** How many connections this user may have in all. */
  readonly mostConnections: number;
  /** How many connections there are now, this one not counted. */
  readonly connections: number;
}

const ROUNDS = 5;

const QUESTIONS = `
  SELECT current_setting('server_version') AS "version",
    current_setting('server_version_num')::int AS "versionNumber",
    pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS "isReadOnly",
    ARRAY(SELECT name || ' is ' || setting FROM pg_settings
      WHERE name IN ('synchronous_commit', 'fsync', 'full_page_writes') AND setting = 'off' ORDER BY name) AS "forgetful",
    current_setting('default_transaction_isolation') AS "isolation",
    coalesce(
      (SELECT has_schema_privilege(schema.oid, 'USAGE') AND NOT EXISTS (SELECT FROM pg_class AS found
          WHERE relnamespace = schema.oid AND relkind IN ('r', 'p') AND NOT (has_table_privilege(found.oid, 'SELECT')
            AND has_table_privilege(found.oid, 'INSERT') AND has_table_privilege(found.oid, 'UPDATE')
            AND has_table_privilege(found.oid, 'DELETE')))
        FROM pg_namespace AS schema WHERE nspname = 'messenger_bot'),
      has_database_privilege(current_database(), 'CREATE')) AS "mayWrite",
    current_user AS "user",
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS "isEncrypted",
    least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0),
      nullif((SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user), -1),
      nullif((SELECT datconnlimit FROM pg_database WHERE datname = current_database()), -1)) AS "mostConnections",
    (SELECT count(*)::int - 1 FROM pg_stat_activity WHERE backend_type = 'client backend') AS "connections"`;

/**
 * Asks a database about itself, and changes nothing.
 *
 * @param connectionString as DATABASE_URL has it
 * @param limitMs how long it may take to connect, and to answer each question
 * @throws whatever went wrong on the way, as pg or the system says it
 */
export async function examineDatabase(connectionString: string, limitMs: number): Promise<DatabaseFacts> {
  const limits = { connectionTimeoutMillis: limitMs, query_timeout: limitMs };
  const socket = new net.Socket();
  const stream = () => socket;
  const client = new Client({ connectionString, ...limits, stream, application_name: 'messenger-bot doctor' });
  client.on('error', ignore); // whoever asks is told, too
  try {
    await client.connect();
    const clocks = [];
    for (let round = 0; round < ROUNDS; round += 1) clocks.push(await askClock(client));
    const [quickest] = clocks.sort((a, b) => a.roundTripMs - b.roundTripMs);
    const { rows } = await client.query<Omit<DatabaseFacts, 'clockAheadMs' | 'roundTripMs'>>(QUESTIONS);
    const tables = rows[0]?.mayWrite ? await askTables(client) : { isTooNew: false, movedTo: null };
    return { ...rows[0], ...quickest, ...tables } as DatabaseFacts;
  } finally {
    client.end(ignore);
    socket.destroySoon(); // a database that stands still is not waited for
  }
}

/** What stands in the tables, where a bot has made them. */
async function askTables(client: Client): Promise<Pick<DatabaseFacts, 'isTooNew' | 'movedTo'>> {
  const { rows } = await client.query<{ made: boolean }>(
    "SELECT to_regclass('messenger_bot.moved') IS NOT NULL AND to_regclass('messenger_bot.schema_version') IS NOT NULL AS made",
  );
  if (!rows[0]?.made) return { isTooNew: false, movedTo: null };
  const found = await client.query<{ readableFrom: number; movedTo: string | null }>(
    `SELECT (SELECT readable_from FROM messenger_bot.schema_version) AS "readableFrom",
       (SELECT destination FROM messenger_bot.moved) AS "movedTo"`,
  );
  const [row] = found.rows;
  return { isTooNew: Number(row?.readableFrom) > STEPS.length, movedTo: row?.movedTo ?? null };
}

async function askClock(client: Client): Promise<Pick<DatabaseFacts, 'clockAheadMs' | 'roundTripMs'>> {
  const [start, before] = [performance.now(), Date.now()];
  const { rows } = await client.query<{ now: number }>(
    'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now',
  );
  const roundTripMs = performance.now() - start;
  return { roundTripMs, clockAheadMs: Number(rows[0]?.now) - (before + roundTripMs / 2) };
}

function ignore(): void {
  // Nobody need know.
}
