import { createRequire } from 'node:module';
import { OperatorError } from '../process/operator-error';
import { StoreError, type EventStore, type MovableStore } from './event-store';
import { checkData } from './lmdb/check-data';
import { prepareFolder } from './lmdb/folder';
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

/** The same for a bot. */
export interface BotPlace extends Place {
  /** How many connections to the database at most. */
  readonly databaseConnections: number;
}

export interface OpenedEvents {
  readonly store: EventStore;
  /** Other users of the machine may look into the folder. */
  readonly isDataOpen: boolean;
}

/** Whom to tell of what is found, and what was done about it. */
export interface Reports {
  readonly onDamage: (message: string | undefined) => void;
  readonly onMended: (message: string) => void;
  /** Of conversations that another instance has taken over. */
  readonly onLost: (conversations: number) => void;
}

/**
 * Opens the place where a bot keeps its events. The client of the database is loaded only where there is one.
 *
 * @throws {OperatorError} when it cannot be used; it says what to do
 */
export function openEvents(place: BotPlace, reports: Reports): Promise<OpenedEvents> {
  return place.databaseUrl === undefined ? openFolder(place, reports) : openDatabase(place, reports);
}

async function openFolder(place: BotPlace, { onDamage, onMended }: Reports): Promise<OpenedEvents> {
  const { isDataOpen } = prepareFolder(place.dataDir);
  const checking = checkData(place.dataDir);
  try {
    await checking.readable;
    const store = await openStore(place, { exclusive: true, onDamage, onMended });
    void checking.whole.then(onDamage);
    const close = async (): Promise<void> => {
      await Promise.all([checking.stop(), store.close()]);
    };
    return { isDataOpen, store: { ...store, close } };
  } catch (error) {
    await checking.stop();
    throw error;
  }
}

async function openDatabase(place: BotPlace, { onLost }: Reports): Promise<OpenedEvents> {
  try {
    const options = { exclusive: true, connections: place.databaseConnections, onLost };
    return { isDataOpen: false, store: await openStore(place, options) };
  } catch (error) {
    if (error instanceof StoreError)
      throw new OperatorError(`It needs the database of DATABASE_URL. ${error.message}. ${error.advice}`);
    throw error;
  }
}

/** Loaded only where a database is used. */
export function loadExaminer(): Pick<typeof Examine, 'examineDatabase'> & Pick<typeof Trouble, 'explainDatabaseError'> {
  const load = createRequire(__filename);
  return {
    ...(load('./postgres/examine') as typeof Examine),
    ...(load('./postgres/trouble') as typeof Trouble),
  };
}
