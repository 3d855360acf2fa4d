import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import type * as Postgres from 'pg';
import type { Clock } from '../../process/clock';
import { OperatorError } from '../../process/operator-error';
import { StoreError } from '../event-store';
import { explainDatabaseError } from './trouble';

/** One statement of a transaction. */
export type Statement = (text: string, values: readonly unknown[]) => Promise<readonly object[]>;

export interface Database {
  /**
   * Carries out one statement. All of it happens, or nothing; where it rejects, that can be either.
   *
   * @throws {StoreError} when the database refuses, or does not answer within a few seconds
   */
  query<Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]>;
  /** The same beside all others: what must not wait behind them. */
  urgent<Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]>;
  /** Some statements that happen all or none. Only for what is done at a start: who stands still in one keeps others waiting. */
  transaction(work: (run: Statement) => Promise<void>): Promise<void>;
  /** For how long it has answered each time, in milliseconds; 0 while it does not. */
  steadyForMs(): number;
  /** How many statements are under way. */
  busy(): number;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** How many connections at most, at least 2: one is kept for what is urgent. */
  readonly connections: number;
  readonly clock: Clock;
  /** What this process calls itself there. */
  readonly name: string;
}

/** What an operator looks at when the database does not take something. */
export const CHECK_DATABASE =
  'Check the database of DATABASE_URL: that it runs, that this machine reaches it, and that it has room and connections left. npm run doctor looks.';

/** The platform waits 5 seconds: whoever waits for the database has to give up before. */
const CONNECT_LIMIT_MS = 3_000;
export const ANSWER_LIMIT_MS = 3_500;

/**
 * Makes the way to the database. The client is loaded only here. It needs nothing of a connection beyond the statement, so that
 * a pooler may give each statement another one.
 *
 * @see https://node-postgres.com/apis/pool
 */
export function openDatabase({ url, connections, clock, name }: DatabaseOptions): Database {
  const { Pool } = createRequire(__filename)('pg') as typeof Postgres;
  const sockets = new Set<Socket>();
  /** The client forgets a connection that it has given up while it was let in: it would keep the process for a minute. */
  const stream = (): Socket => {
    const socket = new Socket();
    sockets.add(socket);
    return socket.once('close', () => sockets.delete(socket));
  };
  const makePool = (max: number) => {
    const pool = new Pool({
      stream,
      connectionString: url,
      max,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      query_timeout: ANSWER_LIMIT_MS,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      application_name: name,
    });
    pool.on('error', () => undefined); // of a connection that nobody uses: the next statement takes another one
    return pool;
  };
  const [pool, urgentPool] = [makePool(Math.max(1, connections - 1)), makePool(1)];
  let steadySince: number | undefined;
  let underWay = 0;
  let ending: Promise<unknown> | undefined;

  /** Carries something out, and notes whether the database is there. */
  const watched = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    underWay += 1;
    try {
      const result = await work();
      steadySince ??= clock.monotonic();
      return result;
    } catch (error) {
      if (error instanceof OperatorError) throw error;
      if (isOutage(error)) steadySince = undefined;
      const { what, remedy } = explainDatabaseError(error);
      throw new StoreError(`The database cannot be used: ${what}`, remedy);
    } finally {
      underWay -= 1;
    }
  };

  const queryIn = async <Row extends object>(where: Postgres.Pool, text: string, values: readonly unknown[]) =>
    (await watched(() => where.query<Row>(text, [...values]))).rows;

  return {
    query: (text, values) => queryIn(pool, text, values),
    urgent: (text, values) => queryIn(urgentPool, text, values),
    transaction: (work) =>
      watched(async () => {
        const client = await urgentPool.connect();
        let failure: Error | undefined;
        try {
          await client.query('begin');
          await work(async (text, values) => (await client.query<object>(text, [...values])).rows);
          await client.query('commit');
        } catch (error) {
          failure = error as Error; // the connection goes, and what was begun with it
          throw error;
        } finally {
          client.release(failure);
        }
      }),
    steadyForMs: () => (steadySince === undefined ? 0 : clock.monotonic() - steadySince),
    busy: () => underWay,
    close: async () => {
      ending ??= Promise.all([pool.end(), urgentPool.end()]);
      await ending;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** No answer, or one that any statement would get: not a mistake in this one, and nobody who stands in its way. */
function isOutage(error: unknown): boolean {
  const code: unknown = Reflect.get(Object(error), 'code');
  return typeof code !== 'string' || !/^(22|23|40|42|54|55)...$/.test(code);
}
