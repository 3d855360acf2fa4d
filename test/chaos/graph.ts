import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CarriedOut } from './judge';
import type { Chance } from '../../src/simulator/random';

/** How Graph behaves at the moment. */
export type Mood = 'healthy' | 'flaky' | 'rate_limited' | 'token_invalid';

/** The first words of the bot's texts, and what they are called in the script. */
const names: readonly (readonly [start: string, name: string])[] = [
  ['Welcome!', 'welcome'],
  ['The Primary Receiver is passing', 'passing'],
  ['You passed control back', 'passedBack'],
  ['The Primary Receiver is taking', 'taking'],
];

/** How the ids of people begin whom Graph always refuses, in words that could be about everybody. */
export const OFFENDERS = '666';
interface Body {
  readonly recipient: { readonly id: string };
  readonly message?: { readonly text: string };
}

interface Call {
  readonly instance: number;
  readonly path: string;
  readonly token: string;
  readonly body: Body;
}

export type GraphStandIn = Awaited<ReturnType<typeof startGraph>>;

/** The bot repeats what is in doubt twice: after half a minute, and five minutes after that, or after a restart. */
const MOST_DOUBTS = 2;

/**
 * A stand-in for Graph that records every call it carries out, tells apart who made it, and has its moods.
 *
 * @param mostDoubts how often in a row no answer tells of a call, at most
 */
export async function startGraph(random: Chance, mostDoubts = MOST_DOUBTS) {
  const carriedOut: CarriedOut[] = [];
  const answers = {
    ok: 0,
    odd: 0,
    silent: 0,
    error: 0,
    timeout: 0,
    reset: 0,
    refused: 0,
    rateLimit: 0,
    tokenInvalid: 0,
  };
  let mood: Mood = 'healthy';
  let answerAfterMs = () => (random.happens(0.01) ? 2_000 : random.between(1, 30));
  const deadTokens = new Set<string>();

  const server = http.createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost');
      const [, instance, path = ''] = /^\/(\d+)\/me(.*)/.exec(pathname) ?? [];
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Body;
      answer(res, { instance: Number(instance), path, token: searchParams.get('access_token') ?? '', body });
    });
  });

  /** How often in a row no answer told of a conversation's present call. */
  const doubts = new Map<string, { what: string; count: number }>();

  /** Whether to leave the bot in doubt. What was in doubt three times it sets aside on purpose: that is not judged here. */
  function leavesInDoubt(chance: number, conversation: string, what: string): boolean {
    const known = doubts.get(conversation);
    const count = known?.what === what ? known.count : 0;
    if (mood !== 'flaky' || count >= mostDoubts || !random.happens(chance)) return false;
    doubts.set(conversation, { what, count: count + 1 });
    return true;
  }

  function answer(res: http.ServerResponse, { instance, path, token, body }: Call): void {
    const conversation = body.recipient.id;
    const text = body.message?.text ?? '';
    const what = names.find(([start]) => text.startsWith(start))?.[1] ?? path;
    const refuse = (status: number, error: object, headers: http.OutgoingHttpHeaders = {}) => {
      res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify({ error }));
    };
    if (body.recipient.id.startsWith(OFFENDERS)) {
      answers.refused += 1;
      refuse(403, { message: 'Cannot message users who are not admins, developers or testers', code: 10 });
    } else if (mood === 'token_invalid' || deadTokens.has(token)) {
      answers.tokenInvalid += 1;
      refuse(400, { message: 'Error validating access token', code: 190 });
    } else if (mood === 'rate_limited') {
      answers.rateLimit += 1;
      refuse(400, { message: 'Calls to this api have exceeded the rate limit', code: 613 }, { 'Retry-After': '1' });
    } else if (mood === 'flaky' && random.happens(0.04)) {
      answers.error += 1;
      refuse(500, { message: 'An unknown error occurred', code: 1 });
    } else if (leavesInDoubt(0.03, conversation, what)) {
      answers.reset += 1;
      res.socket?.resetAndDestroy();
    } else if (leavesInDoubt(0.003, conversation, what)) {
      answers.timeout += 1; // no answer ever: the bot's own limit of 10 s has to end it
    } else {
      answers.ok += 1;
      const isSilent = leavesInDoubt(0.005, conversation, what);
      const call: CarriedOut = {
        conversation,
        what,
        at: performance.now(),
        isSilent,
        answeredAt: Infinity,
        instance,
      };
      carriedOut.push(call);
      setTimeout(() => {
        call.answeredAt = performance.now();
        if (isSilent) {
          answers.silent += 1;
          res.socket?.resetAndDestroy();
        } else if (mood === 'flaky' && random.happens(0.05)) {
          answers.odd += 1;
          res.writeHead(200, { 'Content-Type': 'text/javascript', 'x-fb-trace-id': 'A' }).end('<odd>');
        } else res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"success":true,"message_id":"m_1"}');
      }, answerAfterMs());
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    /** Where one of the servers reaches it. */
    urlFor: (instance: number) => `http://127.0.0.1:${port}/${instance}`,
    carriedOut,
    answers,
    setMood: (next: Mood) => {
      mood = next;
    },
    /** From now on every answer takes so long. */
    answerWithin: (leastMs: number, mostMs: number) => {
      answerAfterMs = () => random.between(leastMs, mostMs);
    },
    /** The Pages with this token are refused from now on. */
    killToken: (token: string) => deadTokens.add(token),
    mendToken: (token: string) => deadTokens.delete(token),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
