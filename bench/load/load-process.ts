import { monotonicMs, pause } from '../clock';
import { processorMs } from '../process-figures';
import { serveCommands } from '../worker';
import { openConnection, type Connection } from './connection';
import { FIRST_PAGE, makePost } from './posts';

/** What is to be posted, where, and how fast. */
export interface Plan {
  readonly port: number;
  /** The server's process, whose processor time is read around the load. */
  readonly pid: number;
  readonly firstPerson: number;
  readonly posts: number;
  readonly eventsPerPost: number;
  /** Over how many Pages they are spread, one POST after the other; one, unless it is said. */
  readonly pages?: number;
  /** So many POSTs a second, evenly; or as fast as the server answers over so many connections. */
  readonly pace: { readonly perSecond: number } | { readonly connections: number };
}

/** What came of it; times are on the machine's clock. */
export interface Outcome {
  /** When each POST began to be sent. */
  readonly sentAt: number[];
  /** From there to its answer; that of a POST without an answer is its time to the failure. */
  readonly ackMs: number[];
  /** POSTs that were answered other than 200, or not at all. */
  readonly refused: number;
  /** The first answer that was not 200, for the error message. */
  readonly firstRefusal: string;
  readonly processorBefore: number;
  readonly processorAfter: number;
}

export type LoadCommands = typeof commands;

/** Most connections that a steady load opens: beyond it the server is not keeping up at all. */
const MOST_CONNECTIONS = 1_000;

async function run({ port, pid, firstPerson, posts, eventsPerPost, pages = 1, pace }: Plan): Promise<Outcome> {
  // All is made and signed before the first POST: during the load the processor belongs to the servers.
  const requests = Array.from({ length: posts }, (_, n) =>
    makePost(port, firstPerson + n * eventsPerPost, eventsPerPost, String(FIRST_PAGE + (n % pages))),
  );
  const outcome = { sentAt: [] as number[], ackMs: [] as number[], refused: 0, firstRefusal: '' };

  async function post(n: number, request: Buffer, connection: Connection): Promise<void> {
    const sentAt = monotonicMs();
    outcome.sentAt[n] = sentAt;
    const status = await connection.send(request).catch(String);
    outcome.ackMs[n] = monotonicMs() - sentAt;
    if (status === 200) return;
    outcome.refused += 1;
    outcome.firstRefusal ||= String(status);
  }

  async function steadily(perSecond: number): Promise<void> {
    const idle = await openAll(port, 10);
    const all = [...idle];
    const sending: Promise<void>[] = [];
    const start = monotonicMs();
    for (const [n, request] of requests.entries()) {
      const wait = start + (n * 1_000) / perSecond - monotonicMs();
      if (wait > 0) await pause(wait);
      const connection = idle.shift() ?? (await openOneMore(port, all));
      sending.push(post(n, request, connection).then(() => void idle.push(connection)));
    }
    await Promise.all(sending);
    closeAll(all);
  }

  async function asFastAsAnswered(count: number): Promise<void> {
    const all = await openAll(port, count);
    const work = requests.entries();
    await Promise.all(
      all.map(async (connection) => {
        for (const [n, request] of work) await post(n, request, connection);
      }),
    );
    closeAll(all);
  }

  const processorBefore = processorMs(pid);
  await ('perSecond' in pace ? steadily(pace.perSecond) : asFastAsAnswered(pace.connections));
  return { ...outcome, processorBefore, processorAfter: processorMs(pid) };
}

function openAll(port: number, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => openConnection(port)));
}

async function openOneMore(port: number, all: Connection[]): Promise<Connection> {
  if (all.length >= MOST_CONNECTIONS) throw new Error(`the server leaves ${MOST_CONNECTIONS} POSTs unanswered`);
  const connection = await openConnection(port);
  all.push(connection);
  return connection;
}

function closeAll(connections: readonly Connection[]): void {
  for (const connection of connections) connection.close();
}

const commands = { run };

serveCommands(commands);
