import { z } from 'zod';

const usageSchema = z.record(
  z.string(),
  z.array(z.object({ estimated_time_to_regain_access: z.number().nonnegative().catch(0) })),
);

const MINUTE_MS = 60_000;
/** After a day the messaging window is over anyway. */
const LONGEST_MS = 24 * 60 * MINUTE_MS;

/**
 * How long the platform wants to be left alone, from `X-Business-Use-Case-Usage` (minutes) or `Retry-After` (seconds).
 *
 * @param headers the answer's headers, their names in lower case
 * @returns milliseconds; undefined where the headers do not say
 * @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting#headers
 */
export function readRegainTime(headers: Readonly<Record<string, unknown>>): number | undefined {
  const usage = usageSchema.safeParse(parseJson(headers['x-business-use-case-usage'])).data ?? {};
  const minutes = Object.values(usage).flatMap((cases) => cases.map((one) => one.estimated_time_to_regain_access));
  const seconds =
    z.coerce
      .number()
      .nonnegative()
      .safeParse(headers['retry-after'] ?? 0).data ?? 0;
  const longest = Math.max(seconds * 1_000, ...minutes.map((one) => one * MINUTE_MS));
  return longest > 0 ? Math.min(longest, LONGEST_MS) : undefined;
}

function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
