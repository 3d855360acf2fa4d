import { Client } from 'pg';
import { openDatabase, type Database } from '../../src/queue/postgres/database';
import { openPostgresStore } from '../../src/queue/postgres/store';
import { createDatabase } from './database';
import { NOW, useEngine } from './queue-under-test';

/* Whoever imports this before the tests of the queue runs them on PostgreSQL, whose clock nobody sets. */

/** Where a test names a folder, there is a database in its place. */
const places = new Map<string, string>();

async function databaseAt(place: string | undefined): Promise<string> {
  const known = place === undefined ? undefined : places.get(place);
  if (known !== undefined) await timeGoesBy(known);
  const url = known ?? (await createDatabase());
  if (place !== undefined) places.set(place, url);
  return url;
}

/** Until a bot is started anew, the leases of one that was killed have run out, everything is due, and no gate is closed. */
async function timeGoesBy(connectionString: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  await client.query('update messenger_bot.conversations set lease = null, leased_until = null, due_at = 0');
  await client.query('delete from messenger_bot.gates');
  await client.end();
}

useEngine(async (clock, place) => {
  let database: Database | undefined;
  const store = await openPostgresStore(await databaseAt(place), {
    ...{ exclusive: true, connections: 5, clock },
    databaseTime: () => NOW + clock.monotonic(),
    openDatabase: (options) => (database = openDatabase(options)),
  });
  return { store, isBusy: () => database !== undefined && database.busy() > 0 };
});
