import { systemClock, type Clock } from '../../process/clock';
import type { DuePage, MovableStore } from '../event-store';
import { createByHand } from './by-hand';
import { BOT_NAME, COMMAND_NAME, createCarry, requireNotMoved } from './carry';
import { createCells } from './cells';
import { CHECK_DATABASE, openDatabase, type Database, type DatabaseOptions } from './database';
import { createDatabaseClock } from './database-clock';
import { createLeases } from './leases';
import { migrate, stepsTaken } from './migrate';
import { createNotes } from './notes';
import { STEPS } from './schema';
import { createTakeIn } from './take-in';
import { createTurns } from './turns';

export interface PostgresStoreOptions {
  /** How many connections at most, at least 2. */
  readonly connections?: number;
  /** Makes or completes the tables; otherwise they must be there. */
  readonly exclusive?: boolean;
  readonly clock?: Clock;
  /** Told how many conversations another instance has taken over that were this one's. */
  readonly onLost?: (conversations: number) => void;
  /** The time as the database is to see it: for tests only. */
  readonly databaseTime?: () => number;
  /** The way to the database: for tests only. */
  readonly openDatabase?: (options: DatabaseOptions) => Database;
}

/** How often to look after leases and gates of others. */
const LOOK_EVERY_MS = 1_000;
/**
 * After an outage everybody's leases can be over. Before one is taken over, whoever holds it has had so long to find the database
 * again, and to note what it has sent.
 */
const GRACE_MS = 5_000;
/** After a look there is a rest of so many times as long as it took, at most this: what very many wait for costs each bot little. */
const RESTS = 3;
const MOST_REST_MS = 200;
/** The same where the database's clock has stepped, which can end everybody's leases, too: twice as long as until they are renewed. */
const STEP_GRACE_MS = 10_000;

/**
 * Opens the store in a PostgreSQL database (14 or newer). Any number of instances can open it at the same time: a conversation is
 * leased to one of them, for as long as that one says so.
 *
 * @param url where it is, with user and password
 * @throws {StoreFormatError} when a newer version of this program has written there
 * @throws {Error} when no bot has run there, and this is none
 * @throws {StoreError} when the database does not answer, or does not let this user
 */
export async function openPostgresStore(url: string, options: PostgresStoreOptions = {}): Promise<MovableStore> {
  const { connections = 10, clock = systemClock, onLost = () => undefined, databaseTime } = options;
  const name = options.exclusive ? BOT_NAME : COMMAND_NAME;
  const database = (options.openDatabase ?? openDatabase)({ url, connections, clock, name });
  const given = () => databaseTime?.() ?? null;
  const time = createDatabaseClock(clock);

  const askTime = async (): Promise<void> => {
    const askedAt = clock.monotonic();
    const [row] = await database.query<{ now: number }>('select messenger_bot.time_of($1) as now', [given()]);
    time.observe(askedAt, Number(row?.now));
  };

  try {
    await prepare(database, options.exclusive ?? false);
    await askTime();
  } catch (error) {
    await database.close();
    throw error;
  }
  const leases = createLeases({ database, clock, time, given, onLost });
  const cells = createCells(database, time);
  const notes = createNotes(database, clock, given);
  const byHand = createByHand(database, given, () => time.now());
  let lookedAt = -Infinity;
  let lookFrom = -Infinity;

  /** Events come and go faster than a database with very much in it can be looked at. */
  const restFrom = async (time: number): Promise<void> => {
    const ms = time - clock.monotonic();
    if (ms >= 1) await new Promise<void>((resolve) => clock.after(ms, resolve));
  };

  /** Ends leases of those who are gone, and sees what has become of the gates. */
  const lookAround = async (): Promise<void> => {
    if (clock.monotonic() - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = clock.monotonic();
    await askTime();
    await leases.catchUp();
    if (database.steadyForMs() >= GRACE_MS && time.steadyForMs() >= STEP_GRACE_MS)
      await database.query('select messenger_bot.end_old_leases($1, $2)', [time.now(), given()]);
    await cells.refresh();
  };

  return {
    advice: CHECK_DATABASE,
    now: () => time.now(),
    gateCell: (page) => cells.of(page),
    pace: (page, perSecond) =>
      createTurns({
        clock,
        time,
        perSecond,
        reserve: async (turns, spacingMs) => {
          const askedAt = clock.monotonic();
          const [row] = await database.query<{ first_at: number; now_at: number }>(
            'select first_at, now_at from messenger_bot.reserve_turns($1, $2, $3, $4)',
            [page, turns, spacingMs, given()],
          );
          time.observe(askedAt, Number(row?.now_at));
          return Number(row?.first_at);
        },
      }),
    ...createTakeIn(database, clock, given),
    ...byHand,
    ...createCarry(database, byHand.list, given),
    ...notes,
    ...leases,
    due: async () => {
      await restFrom(lookFrom);
      await lookAround();
      const startedAt = clock.monotonic();
      const rows = await database.query<{ page: string; first: number | null; repeated: number | null }>(
        'select page, first, repeated from messenger_bot.look($1)',
        [given()],
      );
      lookFrom = clock.monotonic() + Math.min(MOST_REST_MS, (clock.monotonic() - startedAt) * RESTS);
      return rows.map(({ page, first, repeated }): DuePage => ({
        page,
        first: first ?? undefined,
        repeated: repeated ?? undefined,
      }));
    },
    close: async () => {
      const ends = await Promise.allSettled([leases.close(), notes.close()]);
      await database.close();
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
}

async function prepare(database: Database, isBot: boolean): Promise<void> {
  if (isBot) {
    await migrate(database);
    await requireNotMoved(database);
    return;
  }
  const taken = await stepsTaken(database);
  if (taken === 0) throw new Error('There are no events in the database of DATABASE_URL: no bot has run on it.');
  if (taken < STEPS.length) {
    throw new Error(
      'The tables in the database of DATABASE_URL are of an older version of this bot. Start a bot of this version: it completes them.',
    );
  }
}
