import { Agent } from 'node:http';
import { post, sign } from './load';
import type { Chance } from '../../src/simulator/random';
import type { ServerUnderTest } from './server';

const AT_ONCE = 16;
const oversized = JSON.stringify({ object: 'page', entry: [], padding: 'x'.repeat(5 * 1024 * 1024) });

/** Requests that must be refused, or acknowledged without any effect: what they are, and the status they must get. */
const kinds: readonly (readonly [
  weight: number,
  status: number,
  make: (random: Chance) => readonly [body: string, signature: string, type?: string],
])[] = [
  [
    30,
    401,
    () => [
      '{"object":"page","entry":[{"messaging":[{"sender":{"id":"1"},"message":{"text":"forged"}}]}]}',
      `sha256=${'0'.repeat(64)}`,
    ],
  ],
  [20, 401, (random) => [`{"n":${random.next()}}`, '']],
  [20, 400, (random) => signed(`{"object":"page","entry":[${'['.repeat(random.between(1, 50))}`)],
  [10, 400, (random) => signed(JSON.stringify({ object: 'page', entry: random.next() }))],
  [10, 404, () => signed('{"object":"user","entry":[]}')],
  [5, 415, () => [...signed('a=1&b=2'), 'application/x-www-form-urlencoded']],
  [
    5,
    200,
    (random) =>
      signed(JSON.stringify({ object: 'page', entry: [null, { messaging: [null, random.next(), {}] }, 'x'] })),
  ],
];

function signed(body: string): [string, string] {
  return [body, sign(body)];
}

/** Throws garbage at the server; returns how many requests did not get the answer that they must get. */
export async function throwGarbage(server: ServerUnderTest, count: number, random: Chance): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let left = count;
  let wrong = 0;
  const thrower = async () => {
    while (left-- > 0) {
      const isOversized = random.happens(0.0005);
      const [status, [body, signature, type]] = isOversized ? [413, signed(oversized)] : choose(random);
      if ((await post(server.port, body, signature, agent, type)) !== status) wrong += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, thrower));
  agent.destroy();
  return wrong;
}

function choose(random: Chance): readonly [number, readonly [string, string, string?]] {
  let dice = random.between(1, 100);
  for (const [weight, status, make] of kinds) {
    dice -= weight;
    if (dice <= 0) return [status, make(random)];
  }
  throw new Error('the weights must add up to 100');
}
