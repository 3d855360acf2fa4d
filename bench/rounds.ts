import type { Bench, Run } from './bench';
import type { Contestant } from './contestants';
import type { Outcome } from './load/load-process';
import type { Server } from './server';

/**
 * Repeats measurements in turns (A B C D, A B C D, …), so that whatever else the machine does meets all of them alike.
 *
 * @param bench what they are made with
 * @param who in which order
 * @param measure makes one measurement
 * @param rounds how often
 * @returns the measurements of each, in the order of the rounds
 */
export async function inTurns<Name extends string, Measured>(
  bench: Bench,
  who: readonly Name[],
  measure: (name: Name) => Promise<Measured>,
  rounds = bench.size.rounds,
): Promise<Record<Name, Measured[]>> {
  const measured = Object.fromEntries(who.map((name) => [name, []])) as unknown as Record<Name, Measured[]>;
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of who) {
      bench.say(`  round ${round} of ${rounds}: ${name}`);
      measured[name].push(await measure(name));
    }
  }
  return measured;
}

/** Measures contestants in turns. Each turn has a server of its own, started and warmed up for it. */
export function onWarmServers<Name extends Contestant, Measured>(
  bench: Bench,
  who: readonly Name[],
  measure: (server: Server) => Promise<Measured>,
): Promise<Record<Name, Measured[]>> {
  return inTurns(bench, who, async (name) =>
    whileItRuns(await bench.start(name), async (server) => {
      await warmUp(bench, server);
      return measure(server);
    }),
  );
}

/** Does something with a server, which is gone afterwards in any case. */
export async function whileItRuns<Result>(server: Server, work: (server: Server) => Promise<Result>): Promise<Result> {
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** Lets a server deal with some events, so that it is measured as it is after a while. */
export async function warmUp(bench: Bench, server: Server, events = bench.size.warmUp): Promise<void> {
  const { refused, firstRefusal } = await bench.postAndDrain(server, {
    posts: events,
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

/** POSTs a second, from the first one sent to the last one answered. */
export function acceptRate({ sentAt, ackMs }: Pick<Outcome, 'sentAt' | 'ackMs'>): number {
  const first = sentAt.reduce((earliest, sent) => Math.min(earliest, sent), Infinity);
  const last = sentAt.reduce((latest, sent, n) => Math.max(latest, sent + (ackMs[n] ?? 0)), -Infinity);
  return (sentAt.length / (last - first)) * 1_000;
}

/** The messages that never reached Graph. */
export function missing({ arrivedAt }: Run): number {
  return arrivedAt.filter((at) => at === undefined).length;
}

/** Divides the rounds of one by the same rounds of another. */
export function perRound(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, round) => value / (theirs[round] ?? NaN));
}
