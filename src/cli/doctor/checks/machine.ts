import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { movedTo } from '../../../queue/lmdb/carry';
import { requireAccess } from '../../../queue/lmdb/folder';
import { ok, unknown, wrong, type Check } from '../finding';
import { visit } from '../visit';

const MIB = 1024 * 1024;
/** The bot refuses events on a full disk; the log, updates and other programs fill one, too. */
const LEAST_FREE = 100 * MIB;
const LITTLE_FREE = 1024 * MIB;

/** Whether a bot of this user could work on the data folder; a database that keeps the events takes its place. */
export const dataFolder: Check = {
  name: 'Data folder',
  look: (site) => {
    const { dataDir, databaseUrl } = site.config();
    if (databaseUrl !== undefined) return [];
    const folder = path.resolve(dataDir);
    try {
      if (fs.existsSync(folder)) {
        requireAccess(folder);
        const to = movedTo(folder);
        if (to !== undefined) return [wrong(`the events in ${folder} were moved to ${to}.`, MOVED)];
        return [ok(`${folder} can be read and written.`)];
      }
      const above = nearestAbove(folder);
      fs.accessSync(above, fs.constants.W_OK);
      return [ok(`${folder} will be made at the first start.`)];
    } catch (error) {
      return [
        wrong(
          (error as Error).message.replace(/\.?$/, '.'),
          'Run this as the user who runs the bot, or set DATA_DIR to another folder.',
        ),
      ];
    }
  },
};

const MOVED = 'Set DATABASE_URL as the bots there have it, or DATA_DIR to another folder.';

/** Whether there is room for what waits. */
export const disk: Check = {
  name: 'Disk',
  look: async (site) => {
    const { dataDir, databaseUrl } = site.config();
    if (databaseUrl !== undefined) return [];
    const folder = nearestAbove(path.resolve(dataDir));
    const { bavail, bsize } = await fs.promises.statfs(folder);
    const free = bavail * bsize;
    const text = `${Math.floor(free / MIB)} MiB are free on the disk of the data folder.`;
    if (free >= LITTLE_FREE) return [ok(text)];
    const remedy = 'Make room, or set DATA_DIR to a folder on another disk.';
    return [free < LEAST_FREE ? wrong(text, remedy) : unknown(text, remedy)];
  },
};

/** The folder itself, or the first one above it that is there. */
function nearestAbove(folder: string): string {
  return fs.existsSync(folder) ? folder : nearestAbove(path.dirname(folder));
}

/** What a bot answers to `/readyz`. */
const answerSchema = z.object({
  ready: z.boolean(),
  reasons: z.array(z.object({ detail: z.string() })),
  /** Bots of before do not tell it. */
  dataDir: z.string().optional(),
});

/** Whether a bot runs on this machine, and takes events. */
export const bot: Check = {
  name: 'Bot',
  look: async (site) => {
    const { operationsPort, operationsHost, dataDir, databaseUrl } = site.config();
    if (operationsPort === undefined)
      return [unknown('whether a bot runs here cannot be asked: OPERATIONS_PORT is 0.')];
    const host = ['0.0.0.0', '::'].includes(operationsHost) ? '127.0.0.1' : operationsHost;
    const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${operationsPort}/readyz`);
    const outcome = await visit({ url, method: 'GET', timeoutMs: site.timeoutMs, trusted: undefined });
    const remedy = 'Start it (node dist/index.js), or run this where it runs, with its settings.';
    if ('code' in outcome)
      return [unknown(`no bot runs on this machine with these settings (nothing at ${url.host}).`, remedy)];
    const answer = answerSchema.safeParse(parseJson(outcome.text)).data;
    if (!answer || (!answer.ready && answer.reasons.length === 0)) {
      return [unknown(`something else than a bot answers at ${url.host} (HTTP ${outcome.status}).`, remedy)];
    }
    const isOnFolder = databaseUrl === undefined && answer.dataDir !== undefined;
    if (isOnFolder && realPath(String(answer.dataDir)) !== realPath(path.resolve(dataDir))) {
      return [unknown(`another bot, on ${answer.dataDir}, answers there.`, OTHER_PORT)];
    }
    if (answer.ready) return [ok('a bot runs here, and takes events.')];
    return answer.reasons.map(({ detail }) => wrong(`a bot runs here, but takes no events: ${detail}`, 'See its log.'));
  },
};

const OTHER_PORT = 'Give each bot of this machine its own OPERATIONS_PORT, or set DATA_DIR to the folder of that one.';

/** Where a folder really is; one that is not there, where it would be. */
function realPath(folder: string): string {
  return fs.existsSync(folder) ? fs.realpathSync(folder) : folder;
}

/** @param text as a visit reads it: a character a byte */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'latin1').toString('utf8'));
  } catch {
    return undefined;
  }
}
