import { Agent } from 'node:https';
import nock from 'nock';
import { entryPoint } from '../support/built-server';
import { freePort } from '../support/free-port';
import { runKeepingSocket } from '../support/kept-socket';
import { temporaryFolder } from '../support/temporary-folder';
import { startGraph } from '../chaos/graph';
import { judge } from '../chaos/judge';
import { SECRET, pause, startLoad, type Deliver } from '../chaos/load';
import { chance } from '../../src/simulator/random';
import { ask } from './client';
import { startNginx, type Nginx } from './nginx';

jest.setTimeout(60_000);

/** About 150 POSTs a second: each event is delivered again once, on average. */
const PERSONS = 70;
const PAUSE_MS = 690;
const RESTARTS = 5;

/** What is to be undone, whether a test passes or not. */
const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

beforeAll(() => {
  nock.restore(); // everything here is real
});

/** What systemd does with the units, as far as it matters here: the socket stays, and the bot is started again. */
const startAgain = `
while :; do
  (printf '{"msg":"bot","pid":%d}\\n' $BASHPID; LISTEN_PID=$BASHPID exec "$0" "$1") & wait $!
done`;

/** Counts what everyone was answered, and how long the slowest had to wait. */
function counted({ port, ca }: Nginx) {
  const agent = new Agent({ keepAlive: true });
  undo.push(() => {
    agent.destroy();
  });
  const answers = new Map<number | undefined, number>();
  const longest = { ms: 0 };
  const send: Deliver = async (body, signature) => {
    const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': signature };
    const start = performance.now();
    const sent = ask({ port, ca, agent, path: '/webhook', method: 'POST', body, headers });
    const status = await sent.then(
      (answer) => answer.status,
      () => undefined,
    );
    longest.ms = Math.max(longest.ms, performance.now() - start);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    return status;
  };
  return { send, answers, longest };
}

describe('five restarts under load, behind nginx, on a socket that the system keeps', () => {
  it('refuse nobody, lose nothing and double nothing', async () => {
    const random = chance(1);
    const graph = await startGraph(random);
    undo.push(graph.close);
    const port = await freePort();
    const nginx = await startNginx(port);
    const env = {
      PAGE_ACCESS_TOKEN: 'page-token-of-the-proxy-run',
      VERIFY_TOKEN: 'verify-token-of-the-proxy-run',
      APP_SECRET: SECRET,
      GRAPH_API_URL: graph.urlFor(0),
      OPERATIONS_PORT: '0',
      MAX_SENDS_PER_SECOND: '300',
    };
    const names = Object.keys(env).flatMap((name) => ['-E', name]);
    const keeper = ['systemd-socket-activate', ...names, '-l', `127.0.0.1:${port}`, 'bash', '-c', startAgain];
    const kept = runKeepingSocket(env, temporaryFolder(), [...keeper, process.execPath, entryPoint]);
    const count = (what: string | RegExp) => kept.output().split(what).length - 1;

    const { send, answers, longest } = counted(nginx);
    const start = performance.now();
    const load = startLoad({ send, persons: PERSONS, pauseMs: PAUSE_MS, random });
    for (let starts = 1; ; starts += 1) {
      while (count('"msg":"webhook is listening"') < starts) await pause(20);
      await pause(900);
      if (starts > RESTARTS) break;
      kept.killBot('SIGTERM');
    }
    const seconds = (performance.now() - start) / 1_000;
    const total = [...answers.values()].reduce((sum, times) => sum + times, 0);
    await load.finish();
    const found = () => judge(load.expected, graph.carriedOut, []);
    while (found().lost > 0) await pause(200);
    await pause(3_100); // the last redeliveries, and whatever would come too often

    process.stdout.write(
      `${total} POSTs in ${Math.round(seconds)} s and ${RESTARTS} restarts, answered ${JSON.stringify([...answers])}, the slowest after ${Math.round(longest.ms)} ms; ${JSON.stringify(found())}\n`,
    );
    expect([...answers.keys()]).toEqual([200]);
    expect(found()).toMatchObject({ lost: 0, outOfOrder: 0, doubledOtherwise: 0 });
    expect(longest.ms).toBeLessThan(5_000); // the platform waits no longer
    expect(total / seconds).toBeGreaterThan(100);
    expect(count('"msg":"stopped"')).toBe(5);
    expect(count(/"msg":"bot","pid":\d+/)).toBe(6); // none has ended by itself
  });
});
