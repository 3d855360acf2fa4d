import { createHmac } from 'node:crypto';
import { request, type Agent } from 'node:http';
import type { Accepted } from './measures';
import type { Chance } from '../../src/simulator/random';

export const SECRET = 'app-secret-of-the-chaos-run';
export const PAGE = '100200300400500';
/** The platform waits no longer. */
const POST_LIMIT_MS = 5_000;

interface Step {
  readonly channel: 'messaging' | 'standby';
  readonly content: (mid: string) => object;
  readonly calls: readonly string[];
}

const tap = (payload: string) => (mid: string) => ({ message: { mid, text: 'tap', quick_reply: { payload } } });

const opening: Step = {
  channel: 'messaging',
  content: (mid) => ({ message: { mid, text: 'hello' } }),
  calls: ['welcome'],
};

/** The tutorial's conversation, over and over. */
const script: readonly Step[] = [
  opening,
  { channel: 'messaging', content: tap('pass_to_inbox'), calls: ['passing', '/pass_thread_control'] },
  { channel: 'messaging', content: () => ({ pass_thread_control: { new_owner_app_id: '1' } }), calls: ['passedBack'] },
  { channel: 'standby', content: tap('take_from_inbox'), calls: ['/take_thread_control', 'taking'] },
];

export interface Load {
  readonly expected: ReadonlyMap<string, readonly string[]>;
  readonly accepted: readonly Accepted[];
  readonly counts: { readonly accepted: number; readonly redelivered: number; readonly refused: number };
  /** Lets a person write once who is not part of the script. */
  offend(person: string): Promise<void>;
  /** Begins no further event and resolves when every event has been acknowledged. */
  finish(): Promise<void>;
}

/** Delivers a body; resolves with the status, undefined where no answer comes. */
export type Deliver = (body: string, signature: string) => Promise<number | undefined>;

export interface LoadOptions {
  readonly send: Deliver;
  readonly persons: number;
  /** Between two events of a person, on average. */
  readonly pauseMs: number;
  readonly random: Chance;
  /** Each person writes to one of these Pages. */
  readonly pages?: readonly string[];
}

/** What a person writes in a step of the script: the calls it asks for, and the body that tells the bot. */
export function eventOf(person: string, step: number, timestamp: number, page = PAGE) {
  const { channel, content, calls } = script[step % script.length] ?? opening;
  const event = {
    sender: { id: person },
    recipient: { id: page },
    timestamp,
    ...content(`m_${person}_${step}`),
  };
  return { calls, entry: { id: page, time: timestamp, [channel]: [event] } };
}

/** The body of a POST with these entries. */
export function bodyOf(...entries: readonly object[]): string {
  return JSON.stringify({ object: 'page', entry: entries });
}

/** Posts a body until it is acknowledged. Resolves with how often it was refused, or not answered. */
export async function deliverSafely(send: Deliver, body: string): Promise<number> {
  for (let refused = 0; ; refused += 1) {
    if ((await send(body, sign(body))) === 200) return refused;
    await pause(50);
  }
}

/**
 * Writes to the bot as many persons at once, as the platform would: signed, each person's events one after the other, each
 * delivered until it is acknowledged, and then again up to two times.
 */
export function startLoad({ send, persons, pauseMs, random, pages = [PAGE] }: LoadOptions): Load {
  const expected = new Map<string, string[]>();
  const accepted: Accepted[] = [];
  const counts = { accepted: 0, redelivered: 0, refused: 0 };
  let going = true;

  async function write(person: string, page: string): Promise<void> {
    const calls: string[] = [];
    expected.set(person, calls);
    let timestamp = Date.now();
    for (let step = 0; going; step += 1) {
      timestamp = Math.max(timestamp + 1, Date.now());
      const event = eventOf(person, step, timestamp, page);
      const body = bodyOf(event.entry);
      const postedAt = performance.now();
      counts.refused += await deliverSafely(send, body);
      accepted.push({ conversation: person, page, postedAt, at: performance.now(), call: calls.length });
      counts.accepted += 1;
      calls.push(...event.calls);
      for (let again = random.between(0, 2); again > 0; again -= 1) void redeliverLater(body);
      await pause(random.between(0, 2 * pauseMs));
    }
  }

  async function redeliverLater(body: string): Promise<void> {
    await pause(random.between(0, 3_000));
    if ((await send(body, sign(body))) === 200) counts.redelivered += 1;
  }

  /** Somebody writes whom Graph will refuse. */
  async function offend(person: string): Promise<void> {
    counts.refused += await deliverSafely(send, bodyOf(eventOf(person, 0, Date.now()).entry));
  }

  const writers = Array.from({ length: persons }, (_, n) =>
    write(String(24_601_000_000 + n), pages[n % pages.length] ?? PAGE),
  );
  return {
    expected,
    accepted,
    counts,
    offend,
    finish: async () => {
      going = false;
      await Promise.all(writers);
    },
  };
}

export function sign(body: string): string {
  return `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
}

/** Posts a body; undefined when no answer comes in five seconds. */
export function post(
  port: number | undefined,
  body: string,
  signature: string,
  agent: Agent,
  type = 'application/json',
): Promise<number | undefined> {
  if (port === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const headers = {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'X-Hub-Signature-256': signature,
    };
    const sending = request(
      { port, host: '127.0.0.1', method: 'POST', path: '/webhook', headers, agent, timeout: POST_LIMIT_MS },
      (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode);
        });
      },
    );
    sending.on('timeout', () => sending.destroy());
    sending.on('error', () => {
      resolve(undefined);
    });
    sending.end(body);
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
