import path from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';

/** The file inside the data folder. */
export const DATA_FILE = 'events.mdb';

/** Raise it when what is stored changes its form, and teach `prepare` in `store.ts` to read the older one. */
export const FORMAT = 3;

/** The tables of the data file. As few as can be: each one that a change touches costs a page more to write. */
export interface Tables {
  readonly root: RootDatabase;
  /** id → sequence of every known event: waiting, set aside or done */
  readonly ids: Database<number, string>;
  /** sequence → record of every waiting or set-aside event */
  readonly records: Database<string, number>;
  /** [ended at, sequence] → id of every done event */
  readonly done: Database<string, [number, number]>;
  /** the same of every set-aside event */
  readonly aside: Database<string, [number, number]>;
  /** sequence → conversation of every event that an operator has put back or dropped, until the bot has seen it */
  readonly changed: Database<string, number>;
  /** conversation → what is kept about it for those who watch; bots of before do not know it, and leave it alone */
  readonly notes: Database<string, string>;
  /** the format's version, the highest sequence that has come in, and the process that owns the folder */
  readonly meta: Database<number | string, string>;
}

/** Opens the tables of a data folder, which must exist. */
export function openTables(folder: string): Tables {
  // Without overlappingSync a commit is flushed before its promise resolves.
  const root = open({ path: path.join(folder, DATA_FILE), overlappingSync: false });
  return {
    root,
    ids: root.openDB({ name: 'ids', encoding: 'json' }),
    records: root.openDB({ name: 'records', encoding: 'string' }),
    done: root.openDB({ name: 'done', encoding: 'string' }),
    aside: root.openDB({ name: 'aside', encoding: 'string' }),
    changed: root.openDB({ name: 'changed', encoding: 'string' }),
    notes: root.openDB({ name: 'notes', encoding: 'string' }),
    meta: root.openDB({ name: 'meta', encoding: 'json' }),
  };
}

/** How many entries a table has. */
export function entries(table: Database): number {
  const { entryCount } = table.getStats() as { entryCount: number };
  return entryCount;
}
