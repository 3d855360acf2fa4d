import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import { findPostgres } from './find-postgres';
import { freePort } from './free-port';
import { folderOf, outlivesNobody, unprivileged } from './servant';

export interface PostgresOptions {
  /** Lines of `postgresql.conf`, beside those of every test. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export type PostgresServer = Awaited<ReturnType<typeof startPostgres>>;

const START_LIMIT_MS = 30_000;

/** For tests that nobody pulls the plug on. */
export const UNSAFE_AND_FAST = { fsync: 'off', full_page_writes: 'off' } as const;

/**
 * Starts an empty PostgreSQL server of its own, on a free loopback port. It ends with this process, even where that is killed.
 *
 * @throws Error where the machine has none of version 14 or newer, or where it does not start
 */
export async function startPostgres({ settings = {} }: PostgresOptions = {}) {
  const programs = findPostgres();
  if (programs === undefined) {
    throw new Error('There is no PostgreSQL 14 or newer on this machine. Debian: apt-get install postgresql');
  }
  const user = unprivileged();
  const folder = folderOf(user, 'postgres-');
  const data = path.join(folder, 'data');
  const log = path.join(folder, 'log');
  const end = outlivesNobody(folder, path.join(data, 'postmaster.pid'), 'QUIT', user);
  const how = ['--no-sync', '--auth=trust', '--encoding=UTF8', '--locale=C', '--username=postgres'];
  const made = spawnSync(path.join(programs, 'initdb'), ['-D', data, ...how], { ...user, cwd: '/', encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const all = {
    listen_addresses: "'127.0.0.1'",
    port,
    unix_socket_directories: `'${folder}'`,
    max_connections: 200,
    shared_buffers: "'32MB'",
    log_destination: "'stderr'",
    log_line_prefix: "'%m [%p] '",
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  appendFileSync(path.join(data, 'postgresql.conf'), `${lines.join('\n')}\n`);

  let child: ChildProcess | undefined;
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;

  async function start(): Promise<void> {
    const server = spawn(path.join(programs ?? '', 'postgres'), ['-D', data], {
      ...user,
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server.stderr.on('data', (chunk: Buffer) => {
      if (existsSync(folder)) appendFileSync(log, chunk);
    });
    child = server;
    const deadline = Date.now() + START_LIMIT_MS;
    while (!(await answers())) {
      if (server.exitCode !== null || Date.now() > deadline) throw new Error(`postgres did not start: ${logText()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function answers(): Promise<boolean> {
    return query('SELECT 1').then(
      () => true,
      () => false,
    );
  }

  /** Runs one command on a connection of its own. */
  async function query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = [], to = url) {
    const client = new Client({ connectionString: to, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined); // the command says it, too
    try {
      await client.connect();
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  function logText(): string {
    return existsSync(log) ? readFileSync(log, 'utf8') : '';
  }

  /** All processes of the server, the first one first; it makes no new ones meanwhile, and stands still then. */
  function standStill({ pid: first }: ChildProcess): readonly number[] {
    if (first === undefined) return [];
    process.kill(first, 'SIGSTOP');
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
    return [first, ...pairs.flatMap(([pid, parent]) => (pid !== undefined && parent === first ? [pid] : []))];
  }

  function toAll(pids: readonly number[], signal: NodeJS.Signals): void {
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // ended meanwhile
      }
    }
  }

  async function endBy(signal: (server: ChildProcess) => void): Promise<void> {
    const ending = running();
    if (!ending) return;
    const ended = once(ending, 'exit');
    signal(ending);
    await ended;
  }

  function running(): ChildProcess | undefined {
    return child?.exitCode === null && child.signalCode === null ? child : undefined;
  }

  let frozen: readonly number[] = [];
  await start();
  return {
    /** Of the database `postgres`, as its owner. */
    url,
    port,
    /** Of its first process. */
    pid: () => Number(running()?.pid),
    /** What it said: its log, from its first start on. */
    logText,
    query,
    /** The database of that name beside `postgres`. */
    urlOf: (database: string) => url.replace(/postgres$/, database),
    /** Starts it again on the same data, after `kill9`. */
    start,
    /** All its processes die at once. */
    kill9: () =>
      endBy((server) => {
        toAll(standStill(server), 'SIGKILL');
      }),
    /** All its processes stand still: connections stay open, and nothing is answered. */
    freeze: () => {
      const server = running();
      frozen = server ? standStill(server) : [];
      toAll(frozen, 'SIGSTOP');
    },
    thaw: () => {
      toAll([...frozen].reverse(), 'SIGCONT');
      frozen = [];
    },
    /** Ends every connection but its own. Resolves with how many there were. */
    cutConnections: async () => {
      const cut = await query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      return cut.length;
    },
    /** Ends it, and takes its data away. */
    stop: async () => {
      await endBy((server) => server.kill('SIGINT'));
      await end();
    },
  };
}
