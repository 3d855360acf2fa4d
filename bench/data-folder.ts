import { randomBytes } from 'node:crypto';
import { closeSync, copyFileSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { DATA_FILE, FORMAT, openTables } from '../src/queue/lmdb/tables';
import type { Bench } from './bench';
import { whileItRuns } from './rounds';
import { DATA } from './server';

/** The setting with which as many may wait as are made to. */
export const ROOM = { MAX_PENDING_EVENTS: '200000' };

/** Known events have ended between 40 hours ago and now; after 48 hours they would be forgotten, which is work of its own. */
const ENDED_OVER_MS = 40 * 60 * 60 * 1_000;
const AT_ONCE = 50_000;

/**
 * Makes a server's folder as the bot leaves it behind when all events are done. It still knows their ids, so that none is
 * handled again.
 *
 * @param count how many it knows
 */
export async function folderOfKnown(bench: Bench, count: number): Promise<string> {
  bench.say(`  making ${count.toLocaleString('en')} records`);
  const folder = bench.newFolder();
  const data = path.join(folder, DATA);
  mkdirSync(data, { mode: 0o700 });
  const { root, ids, done, meta } = openTables(data);
  const since = Date.now() - ENDED_OVER_MS;
  for (let from = 1; from <= count; from += AT_ONCE) {
    root.transactionSync(() => {
      for (let sequence = from; sequence < from + AT_ONCE && sequence <= count; sequence += 1) {
        const id = randomBytes(12).toString('hex');
        ids.putSync(id, sequence);
        done.putSync([since + Math.floor((ENDED_OVER_MS * sequence) / count), sequence], id);
      }
    });
  }
  meta.putSync('format', FORMAT);
  meta.putSync('sequence', count);
  await root.close();
  flush(data);
  return folder;
}

/** Makes a server's folder with the same events in it. */
export function copyOf(bench: Bench, folder: string): string {
  const copy = bench.newFolder();
  mkdirSync(path.join(copy, DATA), { mode: 0o700 });
  copyFileSync(path.join(folder, DATA, DATA_FILE), path.join(copy, DATA, DATA_FILE));
  flush(path.join(copy, DATA));
  return copy;
}

/** Makes a server's folder with events that wait: they came in while Graph refused everything, and it still does. */
export async function folderOfWaiting(bench: Bench, count: number): Promise<string> {
  bench.say(`  making ${count.toLocaleString('en')} events wait`);
  const folder = bench.newFolder();
  await bench.graph({ latencyMs: 0, refuses: true });
  await whileItRuns(await bench.start('ours', ROOM, folder), async (server) => {
    const eventsPerPost = 100;
    const plan = { posts: Math.ceil(count / eventsPerPost), eventsPerPost, pace: { connections: 20 } };
    const { refused, firstRefusal } = await bench.post(server, plan);
    if (refused > 0) throw new Error(`the server refused ${refused} POSTs, the first with ${firstRefusal}`);
  });
  return folder;
}

/** Otherwise the first event that the bot takes in would wait until all of the file is on disk. */
function flush(data: string): void {
  const file = openSync(path.join(data, DATA_FILE), 'r+');
  fsyncSync(file);
  closeSync(file);
}
