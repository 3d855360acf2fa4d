import path from 'node:path';
import { readDatabaseUrl } from '../../config';
import { StoreFormatError, type CarriedEvent, type MovableStore } from '../../queue/event-store';
import { prepareFolder } from '../../queue/lmdb/folder';
import { openStore, type Place } from '../../queue/open';
import { UsageError, type Fail } from '../program';
import type { Terminal } from '../terminal';
import { requireEvents } from './carry-out';

/** So much is carried at once: what has arrived there is safe, and need not be carried again. */
const MOST_AT_ONCE = 500;
const MOST_CHARACTERS_AT_ONCE = 1024 * 1024;
/** How often it is said how far it has come. */
const SAY_EVERY = 10_000;

/** As it was typed. */
export interface Route {
  readonly from: string;
  readonly to: string;
}

/** What it takes to move. */
export interface Helpers {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly fail: Fail;
}

/** A place, and how it is called; its address may be secret. */
type NamedPlace = Place & { readonly name: string };

/**
 * Moves everything from a data folder into a database, or back. Before the first event leaves, the place where they are is marked,
 * so that no bot starts there again; run again, it goes on with what has not arrived yet.
 *
 * @throws {Error} when it cannot be begun
 */
export async function move({ from, to }: Route, { env, terminal, fail }: Helpers): Promise<void> {
  const [source, destination] = [readPlace(from, env), readPlace(to, env)];
  if ((source.databaseUrl === undefined) === (destination.databaseUrl === undefined)) {
    throw new UsageError('One of --from and --to is a folder, and the other one a database.');
  }
  if (source.databaseUrl === undefined) await requireEvents(source.dataDir, terminal);
  const here = await openStore(source, { exclusive: source.databaseUrl === undefined, isMoving: true });
  try {
    if (destination.databaseUrl === undefined) prepareFolder(destination.dataDir);
    const there = await openStore(destination, { exclusive: true });
    try {
      await here.markMoved(destination.name);
      await carry({ here, there, terminal, fail });
    } finally {
      await there.close();
    }
  } finally {
    await here.close();
  }
  await terminal.write(
    `On ${source.name} no bot starts any more. Next: ${next(destination)}, start the bot, and remove ${remains(source)} when it runs.\n`,
  );
}

function next({ databaseUrl, dataDir }: Place): string {
  return databaseUrl === undefined ? `remove DATABASE_URL, set DATA_DIR to ${dataDir}` : 'set DATABASE_URL';
}

function remains({ databaseUrl, dataDir }: Place): string {
  return databaseUrl === undefined ? dataDir : 'what is left in the database (DROP SCHEMA messenger_bot CASCADE)';
}

/** @throws {UsageError} when it is none, or would show a password to everybody on this machine */
function readPlace(text: string, env: Helpers['env']): NamedPlace {
  if (text === 'database') {
    const databaseUrl = readDatabaseUrl(env);
    if (databaseUrl === undefined)
      throw new UsageError(
        'DATABASE_URL is not set. Put the address of the database into it, or in the place of "database", then without its password.',
      );
    return { databaseUrl, dataDir: '', name: nameOf(databaseUrl) };
  }
  if (!/^postgres(ql)?:/i.test(text)) {
    const dataDir = path.resolve(text);
    return { databaseUrl: undefined, dataDir, name: `the folder ${dataDir}` };
  }
  const databaseUrl = String(readDatabaseUrl({ DATABASE_URL: text }));
  const { password, searchParams } = new URL(databaseUrl);
  if (password !== '' || searchParams.has('password')) {
    throw new UsageError(
      'Everybody on this machine can see a password that stands in a command. Put the address into DATABASE_URL and write "database" here; or leave the password out, and put it into PGPASSWORD.',
    );
  }
  return { databaseUrl, dataDir: '', name: nameOf(databaseUrl) };
}

function nameOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return `the database ${pathname.slice(1)}${host === '' ? '' : ` at ${host}`}`;
}

interface Carrying {
  readonly here: MovableStore;
  readonly there: MovableStore;
  readonly terminal: Terminal;
  readonly fail: Fail;
}

async function carry(carrying: Carrying): Promise<void> {
  try {
    await carryAll(carrying);
  } catch (error) {
    carrying.fail(error);
    throw new Error('The move is not finished. Nothing is lost: run it again.', { cause: error });
  }
}

async function carryAll({ here, there, terminal, fail }: Carrying): Promise<void> {
  const counts = { waiting: 0, set_aside: 0, done: 0 };
  let [carried, arrived] = [0, 0];
  let batch: CarriedEvent[] = [];
  let characters = 0;

  const send = async (): Promise<void> => {
    arrived += await there.importAll(batch);
    carried += batch.length;
    if (carried % SAY_EVERY < batch.length && carried >= SAY_EVERY) await terminal.write(`${carried} …\n`);
    batch = [];
    characters = 0;
  };

  try {
    for await (const event of here.exportAll()) {
      batch.push(event);
      counts[event.state] += 1;
      if (event.state !== 'done') characters += JSON.stringify(event.payload).length;
      if (batch.length >= MOST_AT_ONCE || characters >= MOST_CHARACTERS_AT_ONCE) await send();
    }
  } catch (error) {
    if (!(error instanceof StoreFormatError)) throw error;
    fail(error); // all others are carried
  }
  await send();
  await carryNotes(here, there);
  const known = carried - arrived;
  await terminal.write(
    `Moved: ${counts.waiting} waiting, ${counts.set_aside} set aside, ${counts.done} ids of what is done${known > 0 ? `; ${known} of them were there already` : ''}.\n`,
  );
}

async function carryNotes(here: MovableStore, there: MovableStore): Promise<void> {
  let notes = new Map<string, string>();
  for await (const [conversation, text] of here.keptNotes()) {
    notes.set(conversation, text);
    if (notes.size < MOST_AT_ONCE) continue;
    there.keepNotes(notes);
    notes = new Map();
  }
  there.keepNotes(notes);
}
