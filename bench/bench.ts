import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { pause } from './clock';
import type { Contestant } from './contestants';
import { startGraph } from './graph/graph';
import type { Behaviour } from './graph/graph-process';
import { startLoad } from './load/load';
import type { Outcome, Plan } from './load/load-process';
import { FIRST_PERSON } from './load/posts';
import { processorMs } from './process-figures';
import { startServer, type Server } from './server';

/** How large the experiments are: 1 for results, less while developing. */
export interface Size {
  readonly rounds: number;
  readonly scale: number;
  /** Events before anything is measured: afterwards the engine has translated what it will translate. */
  readonly warmUp: number;
}

/** The warm-up of a full run. */
export const WARM_UP = 2_000;

/** A load with what came out at the other end. */
export interface Run extends Outcome {
  readonly events: number;
  /** Processor time that the server had used when all was through. */
  readonly processorAtEnd: number;
  /** When the message of each event reached Graph, on the machine's clock; undefined if it did not. */
  readonly arrivedAt: readonly (number | undefined)[];
}

/** What is to be posted; to whom and by which persons is up to the bench. */
export type LoadPlan = Omit<Plan, 'pid' | 'port' | 'firstPerson'>;

/** What the experiments are made with. */
export interface Bench {
  readonly size: Size;
  say(text: string): void;
  graph(behaviour: Behaviour): Promise<void>;
  /** Times at which messages reached Graph since it was last told how to behave. */
  arrivalTimes(): Promise<number[]>;
  /** Connections to Graph: open now, and the most at once since it was last told how to behave. */
  sockets(): Promise<{ readonly open: number; readonly most: number }>;
  start(contestant: Contestant, settings?: Readonly<Record<string, string>>, folder?: string): Promise<Server>;
  /** Posts events of new persons; resolves when all POSTs are answered. */
  post(server: Server, plan: LoadPlan): Promise<Outcome>;
  /** Posts events of new persons; resolves when all messages have reached Graph, or none comes any more. */
  postAndDrain(server: Server, plan: LoadPlan, behaviour?: Behaviour): Promise<Run>;
  /** A new folder, removed at the end of the run. */
  newFolder(): string;
}

const LOAD_LIMIT_MS = 600_000;
const DRAIN_LIMIT_MS = 300_000;
/** A server from which nothing comes for so long sends nothing any more. */
const QUIET_MS = 5_000;
/** What a server still has to note after its last message. */
const SETTLE_MS = 300;

/**
 * Starts the load and the stand-in for Graph.
 *
 * @param root the folder under which each server gets one of its own
 * @param size how large the experiments are
 * @param say tells what is going on
 */
export async function prepareBench(root: string, size: Size, say: (text: string) => void): Promise<Bench> {
  const graph = await startGraph();
  const load = startLoad();
  let nextPerson = FIRST_PERSON;
  let folders = 0;

  const newFolder = () => {
    folders += 1;
    const folder = path.join(root, String(folders));
    mkdirSync(folder);
    return folder;
  };
  const post: Bench['post'] = ({ pid, port }, plan) => {
    const firstPerson = nextPerson;
    nextPerson += plan.posts * plan.eventsPerPost;
    return load.ask('run', { ...plan, pid, port, firstPerson }, LOAD_LIMIT_MS);
  };

  return {
    size,
    say,
    newFolder,
    post,
    graph: (behaviour) => graph.worker.ask('reset', behaviour),
    sockets: () => graph.worker.ask('sockets', undefined),
    arrivalTimes: async () => (await graph.worker.ask('arrivals', undefined)).at,
    start: (contestant, settings = {}, folder = newFolder()) =>
      startServer(contestant, folder, { GRAPH_API_URL: graph.url, ...settings }),
    postAndDrain: async (server, plan, behaviour = { latencyMs: 0, refuses: false }) => {
      await graph.worker.ask('reset', behaviour);
      const firstPerson = nextPerson;
      const events = plan.posts * plan.eventsPerPost;
      const outcome = await post(server, plan);
      await graph.worker.ask('waitFor', { count: events, quietMs: QUIET_MS }, DRAIN_LIMIT_MS);
      await pause(SETTLE_MS);
      const processorAtEnd = processorMs(server.pid);
      const { persons, at } = await graph.worker.ask('arrivals', undefined);
      const arrivedAt = new Array<number | undefined>(events).fill(undefined);
      for (const [n, person] of persons.entries()) arrivedAt[person - firstPerson] ??= at[n];
      return { ...outcome, events, arrivedAt, processorAtEnd };
    },
  };
}
