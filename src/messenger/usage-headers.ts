import { z } from 'zod';

const usageSchema = z.record(
  z.string(),
  z.array(z.object({ type: z.string().catch(''), estimated_time_to_regain_access: z.number().nonnegative().catch(0) })),
);

/** How long the platform wants to be left alone, in milliseconds. */
export interface RegainTimes {
  /** Whoever calls; undefined where nothing is said. */
  readonly all: number | undefined;
  /** By the id of the Page. */
  readonly byPage: Readonly<Record<string, number>>;
}

const MINUTE_MS = 60_000;
/** What is said of longer times is a guess: after an hour it is tried. */
const LONGEST_MS = 60 * MINUTE_MS;

/**
 * How long the platform wants to be left alone, from `X-Business-Use-Case-Usage` (minutes; only of messaging: advertisements
 * of the same Page have a limit of their own) or `Retry-After` (seconds). At most an hour.
 *
 * @param headers the answer's headers, their names in lower case
 * @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting#headers
 */
export function readRegainTimes(headers: Readonly<Record<string, unknown>>): RegainTimes {
  const usage = usageSchema.safeParse(parseJson(headers['x-business-use-case-usage'])).data ?? {};
  const byPage = Object.entries(usage).map(([page, cases]) => {
    const minutes = cases.filter(({ type }) => type === 'messenger').map((one) => one.estimated_time_to_regain_access);
    return [page, Math.min(Math.max(0, ...minutes) * MINUTE_MS, LONGEST_MS)] as const;
  });
  const seconds = z.coerce.number().positive().safeParse(headers['retry-after']).data;
  return {
    all: seconds === undefined ? undefined : Math.min(Math.max(seconds, 1) * 1_000, LONGEST_MS),
    byPage: Object.fromEntries(byPage),
  };
}

function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
