import { Agent } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { throwGarbage } from './garbage';
import { OFFENDERS, startGraph, type Mood } from './graph';
import { judge, type Kill } from './judge';
import { SECRET, pause, post, startLoad, type Deliver } from './load';
import { chance } from '../../src/simulator/random';
import { serverUnderTest } from './server';

/*
 * The built server under signed load, killed (SIGKILL) or ended (SIGTERM) again and again and started on the same data, each
 * time with a clock that is some hours wrong, while Graph has its moods and refuses some people for good. At the end nothing may
 * be lost or out of order, and doubled only what was killed between Graph's answer and the note of it, or what no answer told of.
 */

const PERSONS = 40;
const PAUSE_MS = 700;
const DRAIN_LIMIT_MS = 120_000;
/** How far the machine's clock is wrong after a restart, at most. */
const CLOCK_STEPS_HOURS = 3;
const moods: readonly Mood[] = ['healthy', 'flaky', 'flaky', 'flaky', 'rate_limited', 'token_invalid'];

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    garbage: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<boolean> {
  const kills = Number(values.kills);
  const seed = Number(values.seed);
  const random = chance(seed);
  say(
    `seed ${seed} (repeat with --seed ${seed}), ${kills} kills, ${values.garbage} garbage requests, ${PERSONS} persons`,
  );

  const folder = mkdtempSync(path.join(tmpdir(), 'chaos-'));
  const graph = await startGraph(random);
  const server = serverUnderTest(
    {
      PAGE_ACCESS_TOKEN: 'page-token-of-the-chaos-run',
      VERIFY_TOKEN: 'verify-token-of-the-chaos-run',
      APP_SECRET: SECRET,
      GRAPH_API_URL: graph.url,
      PORT: '0',
      OPERATIONS_PORT: '0',
      HOST: '127.0.0.1',
      MAX_SENDS_PER_SECOND: '300',
    },
    folder,
  );
  await server.start();
  const agent = new Agent({ keepAlive: true });
  const send: Deliver = (body, signature) => post(server.port, body, signature, agent);
  const load = startLoad(send, PERSONS, PAUSE_MS, random);
  const killed: Kill[] = [];

  let wrongAnswers = 0;
  if (Number(values.garbage) > 0) {
    wrongAnswers = await throwGarbage(server, Number(values.garbage), random);
    say(`garbage: ${values.garbage} requests, ${wrongAnswers} with a wrong answer`);
  }
  let unclean = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    const mood = moods[random.between(0, moods.length - 1)] ?? 'healthy';
    graph.setMood(mood);
    await load.offend(`${OFFENDERS}${kill}`);
    await pause(random.between(200, 2_500));
    const from = performance.now();
    const signal = random.happens(0.3) ? 'SIGTERM' : 'SIGKILL';
    const code = await server.kill(signal);
    if (signal === 'SIGKILL') killed.push({ from, to: performance.now() });
    else if (code !== 0) unclean += 1;
    say(
      `${signal} ${kill} while Graph was ${mood}: ${load.counts.accepted} events accepted, ${graph.carriedOut.length} calls carried out`,
    );
    graph.setMood('flaky');
    await server.start(random.between(-CLOCK_STEPS_HOURS, CLOCK_STEPS_HOURS));
  }

  graph.setMood('healthy');
  await load.finish();
  const total = [...load.expected.values()].reduce((sum, calls) => sum + calls.length, 0);
  const deadline = performance.now() + DRAIN_LIMIT_MS;
  const findings = () => judge(load.expected, graph.carriedOut, killed);
  // After a restart what waits is tried at once.
  if ((await server.kill('SIGTERM')) !== 0) unclean += 1;
  await server.start();
  while (findings().lost > 0 && performance.now() < deadline) {
    await pause(2_000);
  }
  await pause(3_500); // the last redeliveries, and whatever would come too often
  const exitCode = await server.kill('SIGTERM');

  const found = findings();
  say(
    `events: ${load.counts.accepted} accepted, ${load.counts.redelivered} delivered again, ${load.counts.refused} POSTs repeated because the server was down`,
  );
  say(`Graph: ${JSON.stringify(graph.answers)}`);
  say(
    `calls: ${total} expected, lost ${found.lost}, out of order ${found.outOfOrder}, doubled ${found.doubledByKill} by a kill in the window (the oldest answered ${Math.round(found.longestUnnotedMs)} ms before) and ${found.doubledBySilence} because no answer told of the first time, doubled otherwise ${found.doubledOtherwise}; SIGTERM without a clean end ${unclean}, last exit code ${String(exitCode)}`,
  );
  graph.close();
  const good =
    found.lost + found.outOfOrder + found.doubledOtherwise + wrongAnswers + unclean === 0 &&
    exitCode === 0 &&
    total > 0;
  if (good) rmSync(folder, { recursive: true, force: true });
  else say(`FAILED. The data and the server's log are in ${folder}`);
  return good;
}

main().then(
  (good) => process.exit(good ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
