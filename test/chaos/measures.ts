import { byConversation, sortOut, type CarriedOut } from './judge';

/** A POST, and what became of it. */
export interface Answer {
  /** Undefined where none came within the platform's five seconds. */
  readonly status: number | undefined;
  readonly tookMs: number;
}

/** An event that was answered with 200. */
export interface Accepted {
  readonly conversation: string;
  readonly page: string;
  /** When it was first posted, and when it was acknowledged; milliseconds. */
  readonly postedAt: number;
  readonly at: number;
  /** Which of its conversation's calls is the event's first. */
  readonly call: number;
}

/** An accepted event, and when its first call came; Infinity where none did. */
export interface Served extends Accepted {
  readonly servedAt: number;
}

/** How many POSTs were taken, put off with 503, answered otherwise, and not at all; and the longest anybody waited. */
export function sumUp(answers: readonly Answer[]) {
  const of = (wanted: number | undefined) => answers.filter(({ status }) => status === wanted).length;
  const [ok, later, none] = [of(200), of(503), of(undefined)];
  const slowestMs = answers.reduce((most, { tookMs }) => Math.max(most, tookMs), 0);
  return { slowestMs, counts: { ok, later, none, others: answers.length - ok - later - none } };
}

/** When each event's first call came. */
export function serve(accepted: readonly Accepted[], carriedOut: readonly CarriedOut[]): readonly Served[] {
  const once = new Map(
    [...byConversation(carriedOut)].map(([conversation, calls]) => [conversation, sortOut(calls).once]),
  );
  return accepted.map((event) => ({ ...event, servedAt: once.get(event.conversation)?.[event.call]?.at ?? Infinity }));
}

/** How long after a moment the last event was served that had been accepted before it; 0 where none was waiting. */
export function longestAfter(moment: number, served: readonly Served[]): number {
  return served.reduce(
    (longest, { at, servedAt }) => (at <= moment ? Math.max(longest, servedAt - moment) : longest),
    0,
  );
}

/** The most of these moments that lie within any stretch of time, its end excluded. */
export function mostWithin(ms: number, moments: readonly number[]): number {
  const sorted = [...moments].sort((a, b) => a - b);
  let first = 0;
  let most = 0;
  for (const [index, moment] of sorted.entries()) {
    while (moment - (sorted[first] ?? moment) >= ms) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** How many of these moments there are in a second, from the first to the last. */
export function ratePerSecond(moments: readonly number[]): number {
  const spanMs = Math.max(...moments) - Math.min(...moments);
  return ((moments.length - 1) / spanMs) * 1_000;
}

/** The value below or at which so many per cent of them are. */
export function percentile(percent: number, values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}
