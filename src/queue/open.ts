import { createRequire } from 'node:module';
import type { MovableStore } from './event-store';
import { openLmdbStore, type LmdbStoreOptions } from './lmdb/store';
import type * as Examine from './postgres/examine';
import type * as Store from './postgres/store';
import type * as Trouble from './postgres/trouble';

/** Where events are kept. */
export interface Place {
  readonly dataDir: string;
  /** Where it is set, it takes the place of the folder. */
  readonly databaseUrl: string | undefined;
}

export type OpenOptions = LmdbStoreOptions & Store.PostgresStoreOptions;

/**
 * Opens the store where events are kept: the one place that decides which engine serves. That of databases is loaded only for
 * them.
 *
 * @throws {OperatorError} when it must not be used, or not by this program; it says what to do
 * @throws {StoreError} when the database does not answer
 */
export async function openStore({ dataDir, databaseUrl }: Place, options: OpenOptions = {}): Promise<MovableStore> {
  if (databaseUrl === undefined) return openLmdbStore(dataDir, options);
  const { openPostgresStore } = createRequire(__filename)('./postgres/store') as typeof Store;
  return openPostgresStore(databaseUrl, options);
}

/** Loaded only where a database is used. */
export function loadExaminer(): Pick<typeof Examine, 'examineDatabase'> & Pick<typeof Trouble, 'explainDatabaseError'> {
  const load = createRequire(__filename);
  return {
    ...(load('./postgres/examine') as typeof Examine),
    ...(load('./postgres/trouble') as typeof Trouble),
  };
}
