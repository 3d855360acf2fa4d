import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../test/support/free-port';
import { startPostgres, type PostgresServer } from '../test/support/postgres';
import { end, remember } from './children';
import { monotonicMs, pause } from './clock';
import { programs } from './contestants';
import { processorMs, untilIdle } from './process-figures';
import { percentile } from './statistics';

/*
 * What a database costs in the place of the data folder: `npm run bench -- --database`. Events come at a steady pace, each of
 * another person, to all bots in turn; a stand-in answers as Graph does, at once. Database, bots and load share this machine.
 */

const A_SECOND = 50;
const SECONDS = 20;
const WARM_UP_SECONDS = 4;
const IDLE_MS = 10_000;

interface Bot {
  readonly pid: number;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/**
 * Measures a folder with one bot, and a database with one and with three.
 *
 * @param say takes each line of the table
 */
export async function measureDatabase(say: (text: string) => void): Promise<void> {
  say(`${A_SECOND} events a second, for ${SECONDS} seconds, of as many people; median / 99 of 100.`);
  say('where    bots  answered 200     answered in Messenger  bots/event  database/event  connections  at rest');
  say(await measure('folder', 1));
  for (const bots of [1, 3]) {
    const database = await startPostgres();
    say(await measure('database', bots, database));
    await database.stop();
  }
}

async function measure(where: string, count: number, database?: PostgresServer): Promise<string> {
  const graph = await startGraph();
  const bots = await Promise.all(Array.from({ length: count }, () => startBot(graph.url, database?.url)));
  await load(bots, WARM_UP_SECONDS, 'w');
  await rest(bots);
  const [ofBots, ofDatabase] = [() => sum(bots.map(({ pid }) => processorMs(pid))), () => processorOf(database)];
  const [botsBefore, databaseBefore] = [ofBots(), ofDatabase()];
  const sent = await load(bots, SECONDS, 'e');
  const connections = await connectionsOf(database);
  while (![...sent.keys()].every((psid) => graph.times.has(psid))) await pause(20);
  await pause(500);
  const events = sent.size;
  const [ofBot, ofIt] = [(ofBots() - botsBefore) / events, (ofDatabase() - databaseBefore) / events];
  await rest(bots);
  const [botsIdle, databaseIdle] = [ofBots(), ofDatabase()];
  await pause(IDLE_MS);
  const idle = (ms: number) => `${((ms / IDLE_MS) * 100).toFixed(1)} %`;
  const atRest = `${idle((ofBots() - botsIdle) / count)} of a processor a bot, ${idle(ofDatabase() - databaseIdle)} the database`;
  const acks = [...sent.values()].map(({ ackMs }) => ackMs);
  const replies = [...sent].map(([psid, { at }]) => Number(graph.times.get(psid)) - at);
  await Promise.all(bots.map(({ stop }) => stop()));
  graph.close();
  return [
    where.padEnd(8),
    String(count).padEnd(5),
    both(acks).padEnd(16),
    both(replies).padEnd(22),
    `${ofBot.toFixed(2)} ms`.padEnd(11),
    (database ? `${ofIt.toFixed(2)} ms` : '–').padEnd(15),
    (database ? String(connections) : '–').padEnd(12),
    atRest,
  ].join(' ');
}

function both(values: readonly number[]): string {
  return `${percentile(values, 0.5).toFixed(1)} / ${percentile(values, 0.99).toFixed(1)} ms`;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

async function rest(bots: readonly Bot[]): Promise<void> {
  for (const { pid } of bots) await untilIdle(pid).catch(() => undefined); // at a database it is never quite idle
}

/** Processor time of all processes of a server, those that have ended included, in milliseconds. */
function processorOf(database: PostgresServer | undefined): number {
  if (!database) return 0;
  const first = database.pid();
  const children = readFileSync(`/proc/${first}/task/${first}/children`, 'utf8').trim().split(' ').map(Number);
  const fields = readFileSync(`/proc/${first}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ended = (Number(fields[13]) + Number(fields[14])) * 10;
  return ended + sum([first, ...children].map(processorMs));
}

async function connectionsOf(database: PostgresServer | undefined): Promise<number> {
  const rows = await database?.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name LIKE 'messenger-handover-bot%'",
  );
  return Number(rows?.[0]?.count);
}

/** Sends events at the pace, to all bots in turn. */
async function load(bots: readonly Bot[], seconds: number, name: string) {
  const agent = new Agent({ keepAlive: true });
  const sent = new Map<string, { readonly at: number; ackMs: number }>();
  const posts: Promise<void>[] = [];
  const start = monotonicMs();
  for (let n = 0; n < seconds * A_SECOND; n += 1) {
    await pause(Math.max(0, start + (n * 1_000) / A_SECOND - monotonicMs()));
    const psid = `${name === 'w' ? 1 : 2}${String(n).padStart(9, '0')}`;
    const one = { at: monotonicMs(), ackMs: NaN };
    sent.set(psid, one);
    const posting = post(bots[n % bots.length]?.port, psid, agent).then(() => {
      one.ackMs = monotonicMs() - one.at;
    });
    posts.push(posting);
  }
  await Promise.all(posts);
  agent.destroy();
  return sent;
}

function post(port: number | undefined, psid: string, agent: Agent): Promise<void> {
  const now = Date.now();
  const message = { mid: `m_${psid}`, text: 'hello' };
  const event = { sender: { id: psid }, recipient: { id: '1' }, timestamp: now, message };
  const body = JSON.stringify({ object: 'page', entry: [{ id: '1', time: now, messaging: [event] }] });
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    const sending = request({ port, agent, host: '127.0.0.1', path: '/webhook', method: 'POST', headers }, (answer) => {
      answer.resume().on('end', () => {
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`a bot answered ${String(answer.statusCode)}`));
      });
    });
    sending.on('error', reject).end(body);
  });
}

/** A stand-in for Graph that notes when it was first told to write to whom. */
async function startGraph() {
  const times = new Map<string, number>();
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      const psid = /"recipient":\{"id":"(\d+)"/.exec(text)?.[1];
      if (psid !== undefined && !times.has(psid)) times.set(psid, monotonicMs());
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"message_id":"m_1"}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { times, url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

async function startBot(GRAPH_API_URL: string, databaseUrl: string | undefined): Promise<Bot> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const child = remember(
    spawn(process.execPath, [programs.ours], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        ...{ PAGE_ACCESS_TOKEN: 'token', VERIFY_TOKEN: 'verify', PORT: '0', HOST: '127.0.0.1' },
        OPERATIONS_PORT: String(await freePort()),
        ...{ GRAPH_API_URL, MAX_SENDS_PER_SECOND: '300' },
        ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => {
      reject(new Error('the bot did not start'));
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, port } = JSON.parse(line) as { msg: string; port?: number };
      if (msg === 'webhook is listening') resolve(Number(port));
    });
  });
  return { pid: Number(child.pid), port, stop: () => end(child, 'SIGTERM') };
}
