import { OPEN, type GateCell, type GateState } from '../gate-cell';
import { StoreError } from '../event-store';
import { CHECK_DATABASE, type Database } from './database';
import type { DatabaseClock } from './database-clock';

/** How long it is waited for news of a probe: longer than a call takes, each of which is news. */
const PROBE_LIMIT_MS = 30_000;
/** How often others may be faster, one after the other. */
const MOST_TRIES = 20;

interface Kept {
  readonly version: number;
  readonly state: GateState;
}

interface GateRow extends Kept {
  readonly page: string;
}

/** The gates of all Pages. */
export interface Cells {
  of(page: string): GateCell;
  /** Sees what others have changed. */
  refresh(): Promise<void>;
}

/** Makes the cells of gates: each change is made only if nobody has made another one since it was seen. */
export function createCells(database: Database, time: Pick<DatabaseClock, 'now'>): Cells {
  const kept = new Map<string, Kept>();
  const changing = new Map<string, Promise<unknown>>();
  const seen = (page: string): Kept => kept.get(page) ?? { version: 0, state: OPEN };

  const refresh = async (pages?: readonly string[]): Promise<void> => {
    const rows = await database.query<GateRow>(
      'select page, version, state from messenger_bot.gates where $1::text[] is null or page = any($1)',
      [pages ?? null],
    );
    // What this process has changed while it was asked is newer.
    for (const { page, version, state } of rows) if (version > seen(page).version) kept.set(page, { version, state });
  };

  const write = async (page: string, version: number, state: GateState): Promise<boolean> => {
    const rows = await database.query(
      `insert into messenger_bot.gates as g (page, version, state) values ($1, $2::integer + 1, $3)
       on conflict (page) do update set version = g.version + 1, state = excluded.state where g.version = $2
       returning g.version`,
      [page, version, JSON.stringify(state)],
    );
    if (rows.length > 0) kept.set(page, { version: version + 1, state });
    return rows.length > 0;
  };

  const change: (page: string) => GateCell['change'] = (page) => async (step) => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const { version, state } = seen(page);
      const [next, result] = step(state, time.now());
      if (next === state || (await write(page, version, next))) return result;
      await refresh([page]);
    }
    throw new StoreError('The gate of a Page could not be changed: others were faster each time.', CHECK_DATABASE);
  };

  return {
    of: (page) => ({
      seen: () => seen(page).state,
      now: () => time.now(),
      change(step) {
        const mine = (changing.get(page) ?? Promise.resolve()).then(() => change(page)(step));
        changing.set(
          page,
          mine.catch(() => undefined),
        );
        return mine;
      },
      probeLimitMs: PROBE_LIMIT_MS,
    }),
    refresh: () => refresh(),
  };
}
