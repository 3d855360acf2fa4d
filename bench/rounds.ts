import type { Bench, Run } from './bench';
import type { Contestant } from './contestants';
import type { Server } from './server';

/** Events before anything is measured: afterwards the engine has translated what it will translate. */
const WARM_UP_EVENTS = 2_000;

/**
 * Measures servers in turns (A B C D, A B C D, …), so that whatever else the machine does meets all of them alike. Each
 * turn has a server of its own, started and warmed up for it.
 *
 * @param bench what it is made with
 * @param who in which order
 * @param measure makes the measurement on a warm server
 * @returns the measurements of each, in the order of the rounds
 */
export async function inTurns<Name extends Contestant, Measured>(
  bench: Bench,
  who: readonly Name[],
  measure: (server: Server, name: Name) => Promise<Measured>,
): Promise<Record<Name, Measured[]>> {
  const measured = Object.fromEntries(who.map((name) => [name, []])) as unknown as Record<Name, Measured[]>;
  for (let round = 1; round <= bench.size.rounds; round += 1) {
    for (const name of who) {
      bench.say(`  round ${round} of ${bench.size.rounds}: ${name}`);
      const server = await bench.start(name);
      try {
        await warmUp(bench, server);
        measured[name].push(await measure(server, name));
      } finally {
        await server.stop();
      }
    }
  }
  return measured;
}

async function warmUp(bench: Bench, server: Server): Promise<void> {
  const posts = Math.ceil(WARM_UP_EVENTS * bench.size.scale);
  const { refused, firstRefusal } = await bench.postAndDrain(server, {
    posts,
    eventsPerPost: 1,
    pace: { connections: 20 },
  });
  if (refused > 0)
    throw new Error(`the server refused ${refused} POSTs of the warm-up, the first with ${firstRefusal}`);
}

/** Processor time per event, in milliseconds, from the first POST until all is through. */
export function processorPerEvent({ processorBefore, processorAtEnd, events }: Run): number {
  return (processorAtEnd - processorBefore) / events;
}

/** The messages that never reached Graph. */
export function missing({ arrivedAt }: Run): number {
  return arrivedAt.filter((at) => at === undefined).length;
}

/** Divides the rounds of one by the same rounds of another. */
export function perRound(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, round) => value / (theirs[round] ?? NaN));
}
