import { Agent } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startGraph, type GraphStandIn } from './graph';
import type { Kill } from './judge';
import { SECRET, post, type Deliver } from './load';
import type { Answer } from './measures';
import { serverUnderTest, type ServerUnderTest } from './server';
import type { Setting } from './scenario';
import { startPostgres, type PostgresServer } from '../support/postgres';

/** The server, once or several times, with all that it needs. */
export interface Cluster {
  readonly bots: readonly ServerUnderTest[];
  readonly graph: GraphStandIn;
  /** The data: a folder of this machine, or a PostgreSQL server of its own. */
  readonly database: PostgresServer | undefined;
  /** Posts to the next one in turn that is up, as a load balancer does. */
  readonly deliver: Deliver;
  readonly answers: readonly Answer[];
  readonly kills: readonly Kill[];
  /** How often one that was told to end did not end with 0. */
  readonly uncleanEnds: () => number;
  kill9(instance: number): Promise<void>;
  /** It stands still from now on. What it had in flight counts as in flight at a kill. */
  sleep(instance: number): void;
  wake(instance: number): void;
  end(instance: number): Promise<void>;
  /** Ends everything. Its logs stay in the folder. */
  stop(): Promise<void>;
  readonly folder: string;
}

/** How long one that does not answer gets nothing. */
const REST_MS = 1_000;

/** @param env settings of the servers, beside those of every run */
export async function startCluster(
  { engine, instances, random }: Setting,
  env: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const folder = mkdtempSync(path.join(tmpdir(), 'chaos-'));
  // What a database keeps is not tried at once after a restart: nobody waits five minutes here.
  const graph = await (engine === 'postgres' ? startGraph(random, 1) : startGraph(random));
  const database = engine === 'postgres' ? await startPostgres() : undefined;
  const settings = {
    ...('PAGES_FILE' in env ? {} : { PAGE_ACCESS_TOKEN: 'page-token-of-the-chaos-run' }),
    VERIFY_TOKEN: 'verify-token-of-the-chaos-run',
    APP_SECRET: SECRET,
    PORT: '0',
    OPERATIONS_PORT: '0',
    HOST: '127.0.0.1',
    MAX_SENDS_PER_SECOND: '300',
    ...(database ? { DATABASE_URL: database.url } : { DATA_DIR: path.join(folder, 'data') }),
    ...env,
  };
  const bots = Array.from({ length: instances }, (_, n) =>
    serverUnderTest({ ...settings, GRAPH_API_URL: graph.urlFor(n) }, folder, path.join(folder, `server-${n}.log`)),
  );
  await Promise.all(bots.map((bot) => bot.start()));

  const agent = new Agent({ keepAlive: true });
  const answers: Answer[] = [];
  const kills: Kill[] = [];
  const restsUntil = new Map<ServerUnderTest, number>();
  let turn = 0;
  let uncleanEnds = 0;

  /** The next one that is up and does not rest; where there is none, the next one. */
  function inTurn(): ServerUnderTest | undefined {
    const order = bots.map((_, n) => bots[(turn + n) % bots.length]);
    turn += 1;
    const now = performance.now();
    return order.find((bot) => bot?.port !== undefined && (restsUntil.get(bot) ?? 0) <= now) ?? order[0];
  }

  async function end(bot: ServerUnderTest | undefined): Promise<void> {
    if (bot && (await bot.kill('SIGTERM')) !== 0) uncleanEnds += 1;
  }

  return {
    bots,
    graph,
    database,
    answers,
    kills,
    folder,
    uncleanEnds: () => uncleanEnds,
    deliver: async (body, signature) => {
      const bot = inTurn();
      if (bot?.port === undefined) return undefined;
      const from = performance.now();
      const status = await post(bot.port, body, signature, agent);
      const to = performance.now();
      answers.push({ status, tookMs: to - from });
      if (status === undefined) restsUntil.set(bot, to + REST_MS);
      return status;
    },
    kill9: async (instance) => {
      const from = performance.now();
      await bots[instance]?.kill('SIGKILL');
      kills.push({ from, to: performance.now(), instance });
    },
    sleep: (instance) => {
      const now = performance.now();
      bots[instance]?.signal('SIGSTOP');
      kills.push({ from: now, to: now, instance });
    },
    wake: (instance) => bots[instance]?.signal('SIGCONT'),
    end: (instance) => end(bots[instance]),
    stop: async () => {
      await Promise.all(bots.filter(({ port }) => port !== undefined).map(end));
      agent.destroy();
      graph.close();
      if (!database) return;
      writeFileSync(path.join(folder, 'database.log'), database.logText());
      await database.stop();
    },
  };
}

/** Takes the logs away, where nobody needs them. */
export function removeLogs({ folder }: Cluster): void {
  rmSync(folder, { recursive: true, force: true });
}
