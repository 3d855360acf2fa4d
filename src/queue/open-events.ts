import { createRequire } from 'node:module';
import { OperatorError } from '../process/operator-error';
import { StoreError, type EventStore } from './event-store';
import { checkData } from './lmdb/check-data';
import { prepareFolder } from './lmdb/folder';
import { openLmdbStore } from './lmdb/store';
import type * as Postgres from './postgres/store';

/** Where events are kept. */
export interface EventsPlace {
  /** A folder of this machine. */
  readonly dataDir: string;
  /** The address of a PostgreSQL database; undefined: the folder is used. */
  readonly databaseUrl: string | undefined;
  /** How many connections to it at most. */
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
export function openEvents(place: EventsPlace, reports: Reports): Promise<OpenedEvents> {
  const { databaseUrl: url, databaseConnections: connections } = place;
  return url === undefined ? openFolder(place.dataDir, reports) : openDatabase(url, connections, reports);
}

async function openFolder(folder: string, { onDamage, onMended }: Reports): Promise<OpenedEvents> {
  const { isDataOpen } = prepareFolder(folder);
  const checking = checkData(folder);
  try {
    await checking.readable;
    const store = await openLmdbStore(folder, { exclusive: true, onDamage, onMended });
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

async function openDatabase(url: string, connections: number, { onLost }: Reports): Promise<OpenedEvents> {
  const { openPostgresStore } = createRequire(__filename)('./postgres/store') as typeof Postgres;
  try {
    return { isDataOpen: false, store: await openPostgresStore(url, { exclusive: true, connections, onLost }) };
  } catch (error) {
    if (error instanceof StoreError)
      throw new OperatorError(`Its database cannot be used. ${error.message}. ${error.advice}`);
    throw error;
  }
}
