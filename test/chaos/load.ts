import { createHmac } from 'node:crypto';
import { request, type Agent } from 'node:http';
import type { Chance } from '../../src/simulator/random';

export const SECRET = 'app-secret-of-the-chaos-run';
const PAGE = '100200300400500';

interface Step {
  readonly channel: 'messaging' | 'standby';
  readonly content: (mid: string) => object;
  readonly calls: readonly string[];
}

const tap = (payload: string) => (mid: string) => ({ message: { mid, text: 'tap', quick_reply: { payload } } });

/** The tutorial's conversation, over and over. */
const script: readonly Step[] = [
  { channel: 'messaging', content: (mid) => ({ message: { mid, text: 'hello' } }), calls: ['welcome'] },
  { channel: 'messaging', content: tap('pass_to_inbox'), calls: ['passing', '/pass_thread_control'] },
  { channel: 'messaging', content: () => ({ pass_thread_control: { new_owner_app_id: '1' } }), calls: ['passedBack'] },
  { channel: 'standby', content: tap('take_from_inbox'), calls: ['/take_thread_control', 'taking'] },
];

export interface Load {
  readonly expected: ReadonlyMap<string, readonly string[]>;
  readonly counts: { readonly accepted: number; readonly redelivered: number; readonly refused: number };
  /** Lets a person write once who is not part of the script. */
  offend(person: string): Promise<void>;
  /** Begins no further event and resolves when every event has been acknowledged. */
  finish(): Promise<void>;
}

/** Delivers a body; resolves with the status, undefined where no answer comes. */
export type Deliver = (body: string, signature: string) => Promise<number | undefined>;

/**
 * Writes to the bot as many persons at once, as the platform would: signed, each person's events one after the other, each
 * delivered until it is acknowledged, and then again up to two times.
 */
export function startLoad(send: Deliver, persons: number, pauseMs: number, random: Chance): Load {
  const expected = new Map<string, string[]>();
  const counts = { accepted: 0, redelivered: 0, refused: 0 };
  let going = true;

  async function write(person: string): Promise<void> {
    const calls: string[] = [];
    expected.set(person, calls);
    let timestamp = Date.now();
    for (let step = 0; going; step += 1) {
      const what = script[step % script.length];
      if (!what) continue;
      timestamp = Math.max(timestamp + 1, Date.now());
      const event = {
        sender: { id: person },
        recipient: { id: PAGE },
        timestamp,
        ...what.content(`m_${person}_${step}`),
      };
      const body = JSON.stringify({ object: 'page', entry: [{ id: PAGE, time: timestamp, [what.channel]: [event] }] });
      await deliver(body);
      counts.accepted += 1;
      calls.push(...what.calls);
      for (let again = random.between(0, 2); again > 0; again -= 1) void redeliverLater(body);
      await pause(random.between(0, 2 * pauseMs));
    }
  }

  async function deliver(body: string): Promise<void> {
    for (;;) {
      const status = await send(body, sign(body));
      if (status === 200) return;
      counts.refused += 1;
      await pause(50);
    }
  }

  async function redeliverLater(body: string): Promise<void> {
    await pause(random.between(0, 3_000));
    if ((await send(body, sign(body))) === 200) counts.redelivered += 1;
  }

  /** Somebody writes whom Graph will refuse. */
  async function offend(person: string): Promise<void> {
    const timestamp = Date.now();
    const message = { mid: `m_${person}`, text: 'hello' };
    const event = { sender: { id: person }, recipient: { id: PAGE }, timestamp, message };
    await deliver(JSON.stringify({ object: 'page', entry: [{ id: PAGE, time: timestamp, messaging: [event] }] }));
  }

  const writers = Array.from({ length: persons }, (_, n) => write(String(24_601_000_000 + n)));
  return {
    expected,
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

/** Posts a body; undefined when no answer comes. */
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
      { port, host: '127.0.0.1', method: 'POST', path: '/webhook', headers, agent },
      (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode);
        });
      },
    );
    sending.on('error', () => {
      resolve(undefined);
    });
    sending.end(body);
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
