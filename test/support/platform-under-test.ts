import { simulatedClock, type SimulatedClock } from '../../src/simulator/clock';
import { Platform } from '../../src/simulator/platform';
import { FIELDS, defaultSettings, type Settings } from '../../src/simulator/settings';

const running: SimulatedClock[] = [];

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
});
afterEach(async () => {
  for (const clock of running.splice(0)) clock.stop();
  await jest.advanceTimersByTimeAsync(0); // or what is under way would be posted in earnest
  jest.useRealTimers();
});

type Json = Record<string, unknown>;

/** A webhook as the bot receives it. */
export interface Post {
  /** Milliseconds since the beginning, simulated. */
  readonly at: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The events: their channel, and what they hold. */
  readonly events: readonly (readonly ['messaging' | 'standby', Json])[];
}

/**
 * A platform whose time stands still until it is moved, and a bot that is subscribed to everything and answers 200 until it is
 * told otherwise; between them no network.
 */
export function platformUnderTest(settings: Partial<Settings> = {}) {
  const clock = simulatedClock();
  running.push(clock);
  const platform = new Platform({ ...defaultSettings, ...settings }, clock);
  const { subscription } = platform.webhooks;
  subscription.callbackUrl = 'http://bot.test/webhook?of=ours';
  for (const field of FIELDS) for (const set of [subscription.appFields, subscription.pageFields]) set.add(field);
  const start = clock.now();
  const posts: Post[] = [];
  let answer = (signal: AbortSignal): Promise<Response> => answerOf(200)(signal);
  jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, ms);
    return controller.signal;
  });
  jest.spyOn(globalThis, 'fetch').mockImplementation((url, init) => {
    const { body, headers, signal } = init as { body: string; headers: Post['headers']; signal: AbortSignal };
    const { entry } = JSON.parse(body) as { entry: Partial<Record<'messaging' | 'standby', Json[]>>[] };
    const events = entry.flatMap(({ messaging = [], standby = [] }) => [
      ...messaging.map((event) => ['messaging', event] as const),
      ...standby.map((event) => ['standby', event] as const),
    ]);
    posts.push({ at: clock.now() - start, url: url as string, headers, text: body, events });
    return answer(signal);
  });
  const customer = platform.createCustomer('Maya');
  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  return {
    platform,
    clock,
    subscription,
    posts,
    customer,
    psid: customer.psid,
    /** Lets time go by, and everything that happens meanwhile come to rest. */
    pass,
    /** What the bot answers from now on: a status, or nothing until the platform hangs up. */
    answerWith: (next: number | 'nothing', text?: string) => {
      answer = next === 'nothing' ? silence : answerOf(next, text);
    },
    /** All events so far, once they have arrived. */
    events: async () => {
      await pass(0);
      return posts.flatMap(({ events }) => events);
    },
  };
}

export type PlatformUnderTest = ReturnType<typeof platformUnderTest>;

function answerOf(status: number, text: string | null = null) {
  return (_signal: AbortSignal) => Promise.resolve(new Response(text, { status }));
}

function silence(signal: AbortSignal): Promise<Response> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('hung up'));
    });
  });
}
