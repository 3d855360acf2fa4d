import { StoreFormatError } from '../event-store';
import type { Database, Statement } from './database';
import { STEPS } from './schema';

/** So that instances that start at the same moment take the steps one after the other; any number does. */
const LOCK = 1_795_384_800;

/**
 * Brings the tables to the form that this program knows, whole or not at all.
 *
 * @param steps all there are
 * @throws {StoreFormatError} when a newer program has made them so that this one cannot read them
 * @throws {StoreError} when the database does not answer, or does not let this user
 */
export async function migrate(database: Database, steps: readonly string[] = STEPS): Promise<void> {
  if ((await stepsTaken(database)) >= steps.length) return;
  await database.transaction(async (run) => {
    await run('select pg_advisory_xact_lock($1)', [LOCK]);
    await run('create schema if not exists messenger_bot', []);
    await run('set local search_path = messenger_bot, pg_temp', []);
    await run(
      `create table if not exists schema_version (
        only_row boolean primary key default true check (only_row), steps integer not null, readable_from integer not null
      )`,
      [],
    );
    const taken = await readSteps(run);
    for (const step of steps.slice(taken)) await run(step, []);
    // As long as no step takes anything away, a program that knows the first one can work with all of them.
    await run(
      `insert into schema_version as v (steps, readable_from) values ($1, 1)
       on conflict (only_row) do update set steps = greatest(v.steps, excluded.steps)`,
      [steps.length],
    );
  });
}

/**
 * How many steps have been taken; 0 where no bot has run on the database.
 *
 * @throws {StoreFormatError} when a newer program has made the tables so that this one cannot read them
 */
export async function stepsTaken(database: Database): Promise<number> {
  const [found] = await database.query<{ known: boolean }>(
    `select to_regclass('messenger_bot.schema_version') is not null as known`,
    [],
  );
  return found?.known ? readSteps((text, values) => database.query(text, values)) : 0;
}

async function readSteps(run: Statement): Promise<number> {
  const [row] = await run('select steps, readable_from from messenger_bot.schema_version', []);
  const { steps = 0, readable_from: readableFrom = 0 } = (row ?? {}) as { steps?: number; readable_from?: number };
  if (readableFrom > STEPS.length) {
    throw new StoreFormatError(
      `The events in the database were stored by a newer version of this bot (schema ${steps}, readable from ${readableFrom} on; this one knows up to ${STEPS.length}). Start that version, or set DATABASE_URL to another database.`,
    );
  }
  return steps;
}
