import { GraphError } from '../../../messenger/graph-error';
import { ok, unknown, wrong, type Check } from '../finding';
import { NotChecked } from '../not-checked';
import { describe, isRefusal, isUnknownVersion, remedyFor } from '../trouble';

/** A slower Graph makes people wait for two or three calls an answer. */
const SLOW_MS = 1_000;
/**
 * A minute is far more than a machine that keeps time is ever off, and than the second that `Date` is rounded to. Beyond it the bot's
 * idea of the 24 hours in which it may write, and of what is too old to be answered, is wrong by as much.
 */
const MOST_SKEW_MS = 60_000;

/** Whether Graph answers at all, and how fast. */
export const graph: Check = {
  name: 'Graph',
  look: async (site) => {
    const config = site.config();
    const asked = site.graph();
    const { graphApiUrl } = config;
    const failure = await asked.owner().catch((error: unknown) => error);
    if (failure instanceof GraphError && (!isRefusal(failure) || isUnknownVersion(failure))) {
      return [wrong(describe(failure), remedyFor(failure, config))];
    }
    await Promise.allSettled(Object.values(asked).map((ask: () => Promise<unknown>) => ask()));
    const times = site.answers.map(({ ms }) => ms).sort((a, b) => a - b);
    const median = Math.round(Number(times[Math.floor(times.length / 2)]));
    const text = `${graphApiUrl} answers, typically within ${median} ms.`;
    if (median <= SLOW_MS) return [ok(text)];
    return [unknown(text, "That is slow. Look at this machine's network, and at HTTPS_PROXY where it is set.")];
  },
};

/** Whether this machine's clock goes right, by Graph's. */
export const clock: Check = {
  name: 'Clock',
  look: async (site) => {
    await Promise.allSettled(Object.values(site.graph()).map((ask: () => Promise<unknown>) => ask()));
    const skews = site.answers.flatMap(({ date, at }) => (date === undefined ? [] : [at - (date + 500)]));
    const skew = skews.sort((a, b) => Math.abs(a) - Math.abs(b))[0];
    if (skew === undefined) throw new NotChecked('Graph has not told its time.');
    const seconds = Math.round(Math.abs(skew) / 1_000);
    const which = skew > 0 ? 'ahead of' : 'behind';
    if (Math.abs(skew) <= MOST_SKEW_MS)
      return [ok(seconds < 2 ? "agrees with Graph's." : `${seconds} s ${which} Graph's.`)];
    return [
      wrong(
        `this machine's clock is ${seconds} s ${which} Graph's.`,
        'Let it be set by the network: timedatectl set-ntp true',
      ),
    ];
  },
};
