import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Platform } from '../../src/simulator/platform';
import { botEnvironment, subscribeBot } from '../../src/simulator/setup';
import { startSimulator } from '../../src/simulator/simulator';

/*
 * Many simulated customers go through the whole conversation with the real bot. Reports how long it took, and the memory of
 * both processes at each tenth.
 *
 *   npm run crowd -- --customers 10000
 */

const AT_ONCE = 100;
const STEP_LIMIT_MS = 60_000;

const { values } = parseArgs({ options: { customers: { type: 'string', default: '10000' } } });

/** The whole conversation of one customer; resolves when the last answer is there. */
async function converse(platform: Platform, name: string): Promise<void> {
  const { psid, bubbles } = platform.createCustomer(name);
  const answered = (start: string) =>
    until(platform, () => {
      const last = bubbles.at(-1);
      return last?.from === 'bot' && last.text.startsWith(start);
    });
  const inboxOwns = () => until(platform, () => platform.folderOf(platform.conversation(psid)) === 'main');

  platform.customerGetsStarted(psid);
  await answered('Welcome!');
  platform.customerTaps(psid, 'pass_to_inbox');
  await inboxOwns();
  platform.agentWrites(psid, 'How can I help?');
  platform.agentIsDone(psid);
  await answered('You passed control back');
  platform.customerTaps(psid, 'pass_to_inbox');
  await inboxOwns();
  platform.customerTaps(psid, 'take_from_inbox');
  await answered('The Primary Receiver is taking');
}

function until(platform: Platform, holds: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      platform.wire.off('change', look);
      reject(new Error('a customer waited for more than a minute'));
    }, STEP_LIMIT_MS);
    const look = () => {
      if (!holds()) return;
      clearTimeout(late);
      platform.wire.off('change', look);
      resolve();
    };
    platform.wire.on('change', look);
    look();
  });
}

function residentMiB(pid: number | 'self'): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

async function main(): Promise<void> {
  const count = Number(values.customers);
  const simulator = await startSimulator(0);
  const { platform, url } = simulator;
  platform.wire.setMaxListeners(0);
  const folder = mkdtempSync(path.join(tmpdir(), 'crowd-'));
  const bot = spawn(process.execPath, [path.join(__dirname, '..', '..', 'dist', 'index.js')], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      ...botEnvironment(platform.settings, url),
      PORT: '0',
      OPERATIONS_PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      MAX_SENDS_PER_SECOND: '300',
      DATA_DIR: path.join(folder, 'data'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: bot.stdout }).on('line', (line) => {
      resolve((JSON.parse(line) as { port: number }).port);
    });
  });
  await subscribeBot(url, platform, `http://127.0.0.1:${port}/webhook`);

  const start = performance.now();
  let begun = 0;
  let through = 0;
  const guide = async () => {
    while (begun < count) {
      begun += 1;
      await converse(platform, `Customer ${begun}`);
      through += 1;
      if (through % Math.ceil(count / 10) === 0) {
        const seconds = Math.round((performance.now() - start) / 1_000);
        process.stdout.write(
          `${through} customers through after ${seconds} s; memory: simulator ${residentMiB('self')} MiB, bot ${residentMiB(bot.pid ?? 0)} MiB\n`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, guide));
  const failures = platform.wire.entries.filter(
    ({ status, direction }) => direction !== 'note' && status !== 200,
  ).length;
  const seconds = (performance.now() - start) / 1_000;
  process.stdout.write(
    `all ${through} through in ${seconds.toFixed(0)} s, ${platform.wire.total} exchanges on the wire, ${failures} of the last ${platform.wire.entries.length} not answered 200\n`,
  );
  bot.kill('SIGTERM');
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit(failures === 0 && through === count ? 0 : 1);
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
