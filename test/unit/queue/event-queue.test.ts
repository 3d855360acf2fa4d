import { pino } from 'pino';
import {
  QueueFullError,
  createEventQueue,
  type CallJournal,
  type EventQueueOptions,
  type Verdict,
} from '../../../src/queue/event-queue';
import { StoreError, type EventStore, type NewEvent, type StoredEvent } from '../../../src/queue/event-store';
import { openLmdbStore } from '../../../src/queue/lmdb-store';
import { fakeClock } from '../../support/fake-clock';
import { signal } from '../../support/signal';
import { temporaryFolder } from '../../support/temporary-folder';

const NOW = 1_795_384_800_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const event = (id: string, conversation = 'a', timestamp = NOW): NewEvent => ({
  id,
  conversation,
  timestamp,
  payload: {},
});
const done: Verdict = { kind: 'done', calls: 1 };
const retry: Verdict = { kind: 'retry', reason: 'no answer' };
const hold: Verdict = { kind: 'hold', reason: 'Generate a new token' };
const refused: Verdict = { kind: 'set_aside', reason: 'blocked', isExpected: false };
const pause = (forMs?: number): Verdict => ({ kind: 'pause', reason: 'too many', forMs });

type Behaviour = (event: StoredEvent, journal: CallJournal) => Verdict | Promise<Verdict>;

const open: { stop: () => Promise<void>; store: EventStore }[] = [];
afterEach(async () => {
  for (const { stop, store } of open.splice(0)) {
    await stop();
    await store.close();
  }
});

/** A queue on a real store, with a clock that stands still; `seen` holds the ids in the order in which they were handled. */
async function makeQueue(
  options: Partial<Omit<EventQueueOptions, 'store'>> & {
    folder?: string;
    breakStore?: (store: EventStore) => EventStore;
  } = {},
) {
  const { store, isBusy } = watched(await openLmdbStore(options.folder ?? temporaryFolder()));
  const clock = fakeClock(NOW, isBusy);
  const settle = () => clock.pass(0);
  const seen: string[] = [];
  const lines: string[] = [];
  let behave: Behaviour = () => done;
  const queue = createEventQueue({
    handle: async (one, journal) => {
      seen.push(one.id);
      return behave(one, journal);
    },
    log: pino(
      { base: null, formatters: { level: (level) => ({ level }) } },
      { write: (line) => void lines.push(line) },
    ),
    clock,
    random: () => 0,
    maxConcurrentConversations: 64,
    maxPendingEvents: 1_000,
    ...options,
    store: options.breakStore?.(store) ?? store,
  });
  open.push({ stop: () => queue.stop(), store });
  return {
    queue,
    clock,
    store,
    seen,
    settle,
    log: () => lines.join(''),
    on: (behaviour: Behaviour) => {
      behave = behaviour;
    },
    started: async (events: readonly NewEvent[]) => {
      await queue.add(events);
      queue.start();
      await settle();
    },
  };
}

/** A store that tells whether it is writing. */
function watched(store: EventStore): { store: EventStore; isBusy: () => boolean } {
  let writing = 0;
  const handler: ProxyHandler<EventStore> = {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, args);
        if (!(result instanceof Promise)) return result;
        writing += 1;
        return result.finally(() => (writing -= 1));
      };
    },
  };
  const methods = Object.fromEntries(
    Object.keys(store).map((name) => [name, Reflect.get(new Proxy(store, handler), name)]),
  );
  return { store: methods as unknown as EventStore, isBusy: () => writing > 0 };
}

describe('safe before 200', () => {
  it('resolves only when the events are stored', async () => {
    const { send, sent } = signal();
    const slow = (store: EventStore): EventStore => ({
      ...store,
      add: async (...args) => {
        await sent;
        return store.add(...args);
      },
    });
    const { queue, store, settle } = await makeQueue({ breakStore: slow });
    let accepted = false;
    const adding = queue.add([event('1')]).then(() => (accepted = true));
    await settle();
    expect(accepted).toBe(false);
    send();
    await adding;
    expect(store.get('1')).toBeDefined();
  });

  it('rejects when the store fails, and recovers by itself', async () => {
    let broken = true;
    const { queue, seen, settle } = await makeQueue({
      breakStore: (store) => ({
        ...store,
        add: (...args) => (broken ? Promise.reject(new StoreError('disk full')) : store.add(...args)),
      }),
    });
    queue.start();
    await expect(queue.add([event('1')])).rejects.toThrow('disk full');
    broken = false;
    await queue.add([event('1')]);
    await settle();
    expect(seen).toEqual(['1']);
  });

  it('rejects when the store takes more than 4 seconds', async () => {
    const { queue, clock } = await makeQueue({
      breakStore: (store) => ({ ...store, add: () => new Promise(() => undefined) }),
    });
    const adding = queue.add([event('1')]);
    const outcome = adding.then(
      () => 'accepted',
      (error: unknown) => error,
    );
    await clock.pass(4 * SECOND);
    expect(await outcome).toBeInstanceOf(StoreError);
  });

  it('takes nothing in without asking the store', async () => {
    const { queue } = await makeQueue({
      breakStore: (store) => ({ ...store, add: () => Promise.reject(new Error('asked')) }),
    });
    await expect(queue.add([])).resolves.toBeUndefined();
  });
});

describe('once', () => {
  it('does not handle an event that is delivered again', async () => {
    const { queue, seen, started, log, settle } = await makeQueue();
    await started([event('1')]);
    await queue.add([event('1'), event('2')]);
    await settle();
    expect(seen).toEqual(['1', '2']);
    expect(log()).toContain('already known');
  });
});

describe('in order', () => {
  it('handles one event at a time per conversation, by timestamp, and conversations side by side', async () => {
    const { started, on, seen, settle } = await makeQueue();
    const firstMayEnd = signal();
    on(async ({ id }) => {
      if (id === 'a1') await firstMayEnd.sent;
      return done;
    });
    await started([event('a2', 'a', NOW + 2), event('a1', 'a', NOW + 1), event('b1', 'b', NOW + 3)]);
    expect(seen).toEqual(['a1', 'b1']);
    firstMayEnd.send();
    await settle();
    expect(seen).toEqual(['a1', 'b1', 'a2']);
  });

  it('keeps to the bound on conversations at a time', async () => {
    const { started, on, settle } = await makeQueue({ maxConcurrentConversations: 3 });
    let atOnce = 0;
    let most = 0;
    on(async () => {
      most = Math.max(most, ++atOnce);
      await settle();
      atOnce -= 1;
      return done;
    });
    await started(Array.from({ length: 9 }, (_, n) => event(`${n}`, `c${n}`)));
    for (let n = 0; n < 6; n += 1) await settle();
    expect(most).toBe(3);
  });

  it("does not let a conversation wait for another one's trouble", async () => {
    const { started, on, seen } = await makeQueue({ maxConcurrentConversations: 1 });
    on(({ conversation }) => (conversation === 'a' ? retry : done));
    await started([event('a1', 'a'), event('b1', 'b')]);
    expect(seen).toEqual(['a1', 'b1']);
  });
});

describe('to the end', () => {
  it('picks up after a restart what was not done, with the calls it had completed', async () => {
    const folder = temporaryFolder();
    const before = await makeQueue({ folder });
    before.on(async (_event, journal) => {
      await journal.note({ path: '/messages', answer: { message_id: 'm' } });
      return new Promise(() => undefined); // the process ends here
    });
    await before.started([event('1')]);
    open.splice(0);

    const after = await makeQueue({ folder });
    let completed: unknown;
    after.on((_event, journal) => {
      completed = journal.completed;
      return done;
    });
    after.queue.start();
    await after.settle();
    expect(after.seen).toEqual(['1']);
    expect(completed).toEqual([{ path: '/messages', answer: { message_id: 'm' } }]);
    expect(after.store.countWaiting()).toBe(0);
  });

  it('does not go on before a completed call is noted, however often the store fails', async () => {
    let failures = 2;
    const { started, on, clock, log, store } = await makeQueue({
      breakStore: (real) => ({
        ...real,
        noteCall: (...args) => (failures-- > 0 ? Promise.reject(new StoreError('disk full')) : real.noteCall(...args)),
      }),
    });
    let wentOn = false;
    on(async (_event, journal) => {
      await journal.note({ path: '/messages', answer: {} });
      wentOn = true;
      return done;
    });
    await started([event('1')]);
    await clock.pass(SECOND - 1);
    expect(wentOn).toBe(false);
    expect(log()).toContain('Check the disk of DATA_DIR');
    await clock.pass(SECOND + 1);
    expect(wentOn).toBe(true);
    expect(store.countWaiting()).toBe(0);
  });

  it('goes on with other conversations when one cannot be read', async () => {
    let broken = true;
    const { started, clock, seen, log } = await makeQueue({
      breakStore: (real) => ({
        ...real,
        head: (conversation) => {
          if (conversation === 'a' && broken) throw new Error('a stored event has changed on disk');
          return real.head(conversation);
        },
      }),
    });
    await started([event('1', 'a'), event('2', 'b')]);
    expect(seen).toEqual(['2']);
    expect(log()).toContain('changed on disk');
    broken = false;
    await clock.pass(2 * SECOND);
    expect(seen).toEqual(['2', '1']);
  });
});

describe('patient', () => {
  it('tries again after 1 s, doubling up to 5 min, while the conversation waits in order', async () => {
    const { started, on, clock, seen, store } = await makeQueue();
    on(() => retry);
    await started([event('1', 'a', NOW), event('2', 'a', NOW + 1)]);
    const waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
    for (const [attempt, seconds] of waits.entries()) {
      expect(seen).toHaveLength(attempt + 1);
      await clock.pass(seconds * SECOND - 1);
      expect(seen).toHaveLength(attempt + 1);
      await clock.pass(1);
    }
    expect(new Set(seen)).toEqual(new Set(['1']));
    expect(store.get('1')).toMatchObject({ attempts: waits.length + 1, reason: 'no answer' });
    on(() => done);
    await clock.pass(300 * SECOND);
    expect(seen.slice(-2)).toEqual(['1', '2']);
  });

  it('spreads the tries', async () => {
    const { started, on, clock, seen } = await makeQueue({ random: () => 1 });
    on(() => retry);
    await started([event('1')]);
    await clock.pass(749);
    expect(seen).toHaveLength(1);
    await clock.pass(1);
    expect(seen).toHaveLength(2);
  });

  it('sets aside what is refused for good, with its reason, and goes on', async () => {
    const { started, on, seen, store, log } = await makeQueue();
    on(({ id }) => (id === '1' ? refused : done));
    await started([event('1', 'a', NOW), event('2', 'a', NOW + 1)]);
    expect(seen).toEqual(['1', '2']);
    expect(store.get('1')).toMatchObject({ state: 'set_aside', reason: 'blocked', endedAt: NOW });
    expect(log()).toMatch(/"level":"error".*event set aside/);
  });

  it('sets aside what is older than 24 hours without handling it, but not what a person has put back', async () => {
    const { started, seen, store, clock, log } = await makeQueue();
    await started([event('old', 'a', NOW - 24 * HOUR - 1), event('young', 'a', NOW - 24 * HOUR)]);
    expect(seen).toEqual(['young']);
    expect(store.get('old')).toMatchObject({
      state: 'set_aside',
      reason: expect.stringContaining('24 hours') as string,
    });
    expect(log()).toMatch(/"level":"warn".*event set aside/);
    await store.retry('old', clock.now());
    await clock.pass(SECOND);
    expect(seen).toEqual(['young', 'old']);
  });

  it('pauses everything for the time the platform names, then lets one event try', async () => {
    const { started, on, clock, seen, queue, log } = await makeQueue();
    on(() => pause(7 * SECOND));
    await started([event('a1', 'a')]);
    await queue.add([event('b1', 'b'), event('c1', 'c')]);
    await clock.pass(7 * SECOND - 1);
    expect(seen).toEqual(['a1']);
    await clock.pass(1);
    expect(seen).toHaveLength(2);
    on(() => done);
    await clock.pass(7 * SECOND);
    expect(seen.slice(2).sort()).toEqual(['a1', 'b1', 'c1']);
    expect(log()).toContain('sending pauses');
    expect(log()).toContain('sending goes on');
  });

  it('pauses with a growing backoff where no time is named', async () => {
    const { started, on, clock, seen } = await makeQueue();
    on(() => pause());
    await started([event('1')]);
    for (const seconds of [1, 2, 4, 8]) {
      const before = seen.length;
      await clock.pass(seconds * SECOND - 1);
      expect(seen).toHaveLength(before);
      await clock.pass(1);
      expect(seen).toHaveLength(before + 1);
    }
  });

  it('counts events that fail together as one failure', async () => {
    const { started, on, clock, seen, settle } = await makeQueue();
    on(async () => {
      await settle();
      return pause();
    });
    await started(Array.from({ length: 9 }, (_, n) => event(`${n}`, `c${n}`)));
    await settle();
    expect(seen).toHaveLength(9);
    await clock.pass(2 * SECOND);
    expect(seen).toHaveLength(10);
  });

  it('holds everything while the token is invalid, tries one event a minute, and goes on by itself', async () => {
    const { started, on, clock, seen, store, queue, log } = await makeQueue();
    on(() => hold);
    await started([event('a1', 'a', NOW)]);
    await queue.add([event('a2', 'a', NOW + 1), event('b1', 'b', NOW)]);
    await clock.pass(HOUR);
    expect(seen).toHaveLength(61);
    expect(store.get('a1')).toMatchObject({ attempts: 0, reason: 'Generate a new token' });
    expect(log()).toMatch(/"level":"error".*Generate a new token.*all sending holds/);
    const before = seen.length;
    on(() => done);
    await clock.pass(MINUTE);
    const after = seen.slice(before);
    expect([...after].sort()).toEqual(['a1', 'a2', 'b1']);
    expect(after.indexOf('a1')).toBeLessThan(after.indexOf('a2'));
  });

  it('does not take an event that sends nothing for a sign that the token works', async () => {
    const { started, on, clock, seen, queue } = await makeQueue();
    on(() => hold);
    await started([event('a1', 'a')]);
    await queue.add([event('ignored', 'b'), event('c1', 'c'), event('d1', 'd')]);
    on(({ id }) => (id === 'ignored' ? { kind: 'done', calls: 0 } : hold));
    await clock.pass(MINUTE);
    expect(seen.slice(1).filter((id) => id !== 'ignored')).toHaveLength(1);
  });

  it('takes a refusal of one event for a sign that the token works', async () => {
    const { started, on, clock, seen, queue } = await makeQueue();
    on(() => hold);
    await started([event('a1', 'a')]);
    await queue.add([event('b1', 'b')]);
    on(() => refused);
    await clock.pass(MINUTE);
    expect(seen.slice(1).sort()).toEqual(['a1', 'b1']);
  });

  it('lets conversations go side by side again once the one event has succeeded', async () => {
    const { started, on, clock, queue } = await makeQueue();
    on(() => hold);
    await started([event('a1', 'a')]);
    await queue.add([event('b1', 'b'), event('c1', 'c')]);
    const mayEnd = signal();
    let begun = 0;
    on(async () => {
      begun += 1;
      if (begun > 1) await mayEnd.sent;
      return done;
    });
    await clock.pass(MINUTE);
    expect(begun).toBe(3);
    mayEnd.send();
  });

  it('keeps holding when the one event gets no answer', async () => {
    const { started, on, clock, seen, queue } = await makeQueue();
    on(() => hold);
    await started([event('a1', 'a')]);
    await queue.add([event('b1', 'b')]);
    on(() => retry);
    await clock.pass(MINUTE);
    expect(seen).toHaveLength(2);
  });
});

describe('bounded', () => {
  it('refuses events above the bound until it has shrunk', async () => {
    const { queue, on, started, clock } = await makeQueue({ maxPendingEvents: 3 });
    on(() => retry);
    await started([event('1'), event('2')]);
    await expect(queue.add([event('3', 'c'), event('4', 'd')])).rejects.toThrow(QueueFullError);
    await expect(queue.add([event('3', 'a')])).resolves.toBeUndefined();
    on(() => done);
    await clock.pass(2 * SECOND);
    await expect(queue.add([event('4'), event('5'), event('6')])).resolves.toBeUndefined();
  });

  it('holds no more than one event per running conversation in memory', async () => {
    let heads = 0;
    const { started, on, queue, settle } = await makeQueue({
      maxConcurrentConversations: 2,
      breakStore: (store) => ({
        ...store,
        head: (conversation) => {
          heads += 1;
          return store.head(conversation);
        },
      }),
    });
    const mayEnd = signal();
    on(async () => {
      await mayEnd.sent;
      return retry;
    });
    await started(Array.from({ length: 500 }, (_, n) => event(`${n}`, `c${n}`)));
    await queue.add([event('one more', 'z')]);
    await settle();
    expect(heads).toBe(2);
    mayEnd.send();
  });

  it('cleans up every minute', async () => {
    const { started, clock, store, log } = await makeQueue();
    await started([event('1')]);
    await clock.leap(49 * HOUR);
    await expect(store.add([event('1')], clock.now())).resolves.toEqual({ added: 1, known: 0 });
    expect(log()).not.toContain('could not be cleaned up');
  });

  it('goes on when cleaning up fails', async () => {
    const { started, queue, seen, log, settle } = await makeQueue({
      breakStore: (store) => ({ ...store, clean: () => Promise.reject(new StoreError('x')) }),
    });
    await started([event('1')]);
    await queue.add([event('2')]);
    await settle();
    expect(seen).toEqual(['1', '2']);
    expect(log()).toContain('could not be cleaned up');
  });

  it('finds within a second what another process has put back', async () => {
    const { started, on, clock, seen, store } = await makeQueue();
    on(() => refused);
    await started([event('1')]);
    on(() => done);
    await store.retry('1', NOW);
    await clock.pass(SECOND);
    expect(seen).toEqual(['1', '1']);
  });
});

describe('a polite end', () => {
  it('starts no further event, and waits for those under way', async () => {
    const { started, on, queue, seen, store, settle } = await makeQueue();
    const mayEnd = signal();
    on(async () => {
      await mayEnd.sent;
      return done;
    });
    await started([event('1', 'a', NOW), event('2', 'a', NOW + 1)]);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await queue.add([event('3', 'b')]);
    await settle();
    expect(stopped).toBe(false);
    mayEnd.send();
    await stopping;
    expect(seen).toEqual(['1']);
    expect(store.countWaiting()).toBe(2);
  });

  it('does not insist on a store that fails', async () => {
    const { started, on, queue, log } = await makeQueue({
      breakStore: (store) => ({ ...store, finish: () => Promise.reject(new StoreError('disk full')) }),
    });
    const mayEnd = signal();
    on(async () => {
      await mayEnd.sent;
      return done;
    });
    await started([event('1')]);
    const stopping = queue.stop();
    mayEnd.send();
    await expect(stopping).resolves.toBeUndefined();
    expect(log()).toContain('could not be worked on');
  });

  it('is idle when nothing is due', async () => {
    const { queue, started, on } = await makeQueue();
    await queue.idle();
    on(() => retry);
    await started([event('1')]);
    await expect(queue.idle()).resolves.toBeUndefined();
  });
});
