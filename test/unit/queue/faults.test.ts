import type { Verdict } from '../../../src/queue/verdict';
import { signal } from '../../support/signal';
import {
  HOUR,
  MINUTE,
  SECOND,
  done,
  event,
  heldBack,
  hold,
  isLetOut,
  makeQueue,
  pause,
  people,
  refused,
  retry,
  silence,
} from '../../support/queue-under-test';

const isOffender = (id: string) => id.startsWith('bad');
const count = (seen: readonly string[], id: string) => seen.filter((one) => one === id).length;

describe('a fault of one person', () => {
  it('that can be everybody’s makes only that person wait, and is set aside once others have been answered', async () => {
    const { started, on, seen, clock, state, log } = await makeQueue();
    on(({ id }) => (isOffender(id) ? refused('unknown') : done));
    await started([event('bad'), ...people(373)]);
    await clock.pass(SECOND);
    expect(seen.filter((id) => !isOffender(id))).toHaveLength(373);
    await clock.pass(SECOND);
    await expect(state('bad')).resolves.toBe('set_aside');
    expect(count(seen, 'bad')).toBe(2);
    expect(log()).toMatch(/"level":"error".*refused again while others were answered/);
    expect(log()).not.toContain('all sending holds');
  });

  it('five times in a row delays the others by no more than some seconds', async () => {
    const { started, on, seen, clock, queue, state } = await makeQueue();
    on(({ id }) => (isOffender(id) ? refused('unknown') : done));
    await started(people(5, 'bad'));
    await queue.add(people(50));
    await clock.pass(3 * SECOND);
    expect(seen.filter((id) => !isOffender(id))).toHaveLength(50);
    await clock.pass(30 * SECOND);
    for (let n = 0; n < 5; n += 1) await expect(state(`bad${n}`)).resolves.toBe('set_aside');
  });

  it('that never ends is set aside after 12 tries, once others are answered', async () => {
    const { started, on, seen, clock, queue, state } = await makeQueue();
    on(({ id }) => (isOffender(id) ? retry : done));
    await started([event('bad')]);
    for (let minute = 0; minute < 30; minute += 1) {
      await queue.add([event(`good${minute}`)]);
      await clock.pass(MINUTE);
    }
    await expect(state('bad')).resolves.toBe('set_aside');
    expect(count(seen, 'bad')).toBe(12);
  });

  it('is judged anew when the event was put back', async () => {
    const { started, on, clock, store, queue, seen, state } = await makeQueue();
    on(({ id }) => (isOffender(id) ? refused('unknown') : done));
    await started([event('bad')]);
    await queue.add([event('good')]);
    await clock.pass(SECOND);
    await expect(state('bad')).resolves.toBe('set_aside');
    await queue.add([event('another')]);
    await store.retry('bad');
    await clock.pass(SECOND);
    expect(count(seen, 'bad')).toBeGreaterThan(2);
    await expect(state('bad')).resolves.toBe('waiting');
  });

  it("is not a fault of that person's next event", async () => {
    const { started, on, clock, store, queue, seen } = await makeQueue();
    on(() => refused('unknown'));
    await started([event('first', 'a')]);
    on(({ id }) => (id === 'second' ? refused('unknown') : done));
    await clock.pass(SECOND);
    expect(seen).toEqual(['first', 'first']);
    await queue.add([event('good'), event('second', 'a')]);
    await clock.pass(0);
    await expect(store.get('second')).resolves.toMatchObject({ state: 'waiting', attempts: 1 });
  });

  it('is not a fault of the next event either when an operator has dropped the first one', async () => {
    const { started, on, clock, store, queue } = await makeQueue();
    on(({ id }) => (id.startsWith('good') ? done : refused('unknown')));
    await started([event('first', 'a')]);
    await store.drop('first');
    await queue.add([event('good')]);
    await clock.pass(SECOND);
    await queue.add([event('second', 'a')]);
    await clock.pass(0);
    await expect(store.get('second')).resolves.toMatchObject({ state: 'waiting', attempts: 1 });
  });

  it('is not refused again when it is refused for the first time after a failure of another kind', async () => {
    const { started, on, clock, store, queue, seen, state } = await makeQueue();
    on(({ id }) => (!isOffender(id) ? done : count(seen, 'bad') === 1 ? retry : refused('unknown')));
    await started([event('bad')]);
    await queue.add([event('good 1')]);
    await clock.pass(SECOND);
    await expect(store.get('bad')).resolves.toMatchObject({ state: 'waiting', attempts: 2, reason: 'refused' });
    await queue.add([event('good 2')]);
    await clock.pass(2 * SECOND);
    await expect(state('bad')).resolves.toBe('set_aside');
  });

  it('counts as many refusals as there were, not the failures before them', async () => {
    const { started, on, clock, store, seen } = await makeQueue();
    on(() => (seen.length <= 4 ? retry : refused('probably_event')));
    await started([event('bad')]);
    await clock.pass(7 * SECOND); // four tries
    for (let tries = 5; tries <= 8; tries += 1) {
      await clock.pass(2 ** (tries - 2) * SECOND);
      await expect(store.get('bad')).resolves.toMatchObject({ state: 'waiting', attempts: tries });
    }
    await clock.pass(5 * MINUTE);
    await expect(store.get('bad')).resolves.toMatchObject({
      state: 'set_aside',
      reason: 'It was refused 5 times. refused',
    });
  });

  it('does not count the tries of a probe', async () => {
    const { started, on, clock, store, queue } = await makeQueue();
    on(() => hold);
    await started([event('bad')]);
    await clock.pass(12 * MINUTE);
    on(({ id }) => (isOffender(id) ? retry : done));
    await clock.pass(MINUTE);
    for (let n = 0; n < 3; n += 1) {
      await queue.add([event(`good ${n}`)]);
      await clock.pass(5 * MINUTE);
    }
    const { state, attempts } = (await store.get('bad')) ?? {};
    expect({ state, isMany: Number(attempts) > 12 }).toEqual({ state: 'waiting', isMany: true });
  });

  it('is said each time, with when it is tried again', async () => {
    const { started, on, clock, log } = await makeQueue();
    on(() => retry);
    await started([event('bad')]);
    await clock.pass(SECOND);
    expect(log()).toMatch(/"level":"warn".*"attempt":1,"againInMs":1000,"reason":"no answer".*tried again/);
    expect(log()).toMatch(/"level":"warn".*"attempt":2,"againInMs":2000/);
  });

  it('is not given up while nobody else is answered either', async () => {
    const { started, on, clock, state } = await makeQueue();
    on(() => retry);
    await started([event('bad')]);
    await clock.pass(HOUR); // some 19 tries
    await expect(state('bad')).resolves.toBe('waiting');
  });

  it('in the request itself is set aside after 5 refusals, when nobody else is refused alike', async () => {
    const { started, on, clock, seen, state } = await makeQueue();
    on(() => refused('probably_event', '100/-'));
    await started([event('bad')]);
    await clock.pass(14 * SECOND);
    await expect(state('bad')).resolves.toBe('waiting');
    await clock.pass(SECOND);
    await expect(state('bad')).resolves.toBe('set_aside');
    expect(seen).toHaveLength(5);
  });
});

describe('an event that fails', () => {
  const unknownCause: Verdict = { kind: 'retry', reason: 'no way out', cause: undefined, mayBeSent: false };

  it.each<[string, Verdict, string]>([
    ['fails', retry, 'It has failed 12 times while others were answered. no answer'],
    ['is refused', refused('unknown'), 'It was refused again while others were answered. refused'],
  ])('is set aside with the words for one that %s', async (_what, verdict, reason) => {
    const { started, on, clock, queue, store } = await makeQueue();
    on(({ id }) => (isOffender(id) ? verdict : done));
    await started([event('bad')]);
    for (let minute = 0; minute < 30; minute += 1) {
      await queue.add([event(`good${minute}`)]);
      await clock.pass(MINUTE);
    }
    await expect(store.get('bad')).resolves.toMatchObject({ state: 'set_aside', reason });
  });

  it.each<[string, Verdict]>([
    ['is refused for what can be everybody’s fault, alone', refused('unknown')],
    ['fails for what says nothing about it', unknownCause],
  ])('waits on when it %s', async (_what, verdict) => {
    const { started, on, clock, queue, state, seen } = await makeQueue();
    on(({ id }) => (isOffender(id) ? verdict : done));
    await started([event('bad')]);
    if (verdict === unknownCause)
      for (let n = 0; n < 20; n += 1) {
        await queue.add([event(`good${n}`)]);
        await clock.pass(5 * MINUTE);
      }
    else await clock.pass(HOUR);
    expect(count(seen, 'bad')).toBeGreaterThan(12);
    await expect(state('bad')).resolves.toBe('waiting');
  });

  it('waits on when its request is refused like that of another, and nobody else is answered', async () => {
    const { started, on, clock, seen, state } = await makeQueue();
    on(() => refused('probably_event'));
    await started([event('1'), event('2')]);
    await clock.pass(HOUR);
    expect(count(seen, '1')).toBeGreaterThan(5);
    for (const id of ['1', '2']) await expect(state(id)).resolves.toBe('waiting');
  });

  it('is not said to have been sent because it was held back', async () => {
    const { started, on, clock, store } = await makeQueue();
    for (const verdict of [hold, pause(SECOND)]) {
      on(() => verdict);
      await started([event('1')]);
      await clock.pass(3 * MINUTE);
      await expect(store.get('1')).resolves.toMatchObject({ uncertain: 0 });
    }
  });
});

describe('a fault of everybody', () => {
  it.each(['event', 'probably_event', 'unknown'] as const)(
    'holds what is refused alike to several people in a row, known scope or not (%s), and goes on by itself',
    async (scope) => {
      const { started, on, seen, clock, queue, state, log } = await makeQueue();
      on(() => refused(scope, '100/-'));
      const everybody = people(100);
      for (const one of everybody.slice(0, 10)) await queue.add([one]);
      await started(everybody.slice(10));
      await clock.pass(10 * MINUTE);
      expect(log()).toMatch(/"level":"error".*Several people in a row.*all sending holds/);
      const states = await Promise.all(everybody.map(({ id }) => state(id)));
      const most = scope === 'event' ? 4 : 0; // the first ones, while it could still be their own
      expect(states.filter((one) => one === 'set_aside').length).toBeLessThanOrEqual(most);
      const before = seen.length;
      await clock.pass(10 * MINUTE);
      expect(seen.length - before).toBeLessThanOrEqual(11);
      on(() => done);
      await clock.pass(6 * MINUTE);
      const after = await Promise.all(everybody.map(({ id }) => state(id)));
      expect(after.filter((one) => one === 'done').length).toBeGreaterThanOrEqual(100 - most);
    },
  );

  it('pauses when nobody is answered any more, so that few messages are in doubt', async () => {
    const { started, on, clock, queue, store, log } = await makeQueue();
    on(() => silence);
    await started(people(5));
    await queue.add(people(200, 'q'));
    await clock.pass(HOUR);
    let setAside = 0;
    for await (const one of store.list()) setAside += one.state === 'set_aside' ? 1 : 0;
    expect(setAside).toBeLessThan(30);
    expect(log()).toContain('sending pauses');
  });

  it('is not seen in slow failures while others succeed', async () => {
    const { started, on, clock, queue, log } = await makeQueue();
    on(async ({ id }) => {
      if (!isOffender(id)) return done;
      await new Promise<void>((resolve) => clock.after(10 * SECOND, resolve));
      return retry;
    });
    await started(people(300, 'bad'));
    await clock.pass(5 * SECOND);
    await queue.add([event('good')]);
    await clock.pass(6 * SECOND);
    expect(log()).not.toMatch(/sending (pauses|holds)/);
    void queue.stop();
    await clock.pass(10 * SECOND);
  });

  it('holds everything at once where it is certain, tries one a minute, another each time, and goes on by itself', async () => {
    const { started, on, clock, seen, queue, log } = await makeQueue();
    on(() => hold);
    await started([event('a')]);
    await queue.add([event('b'), event('c')]);
    await clock.pass(HOUR);
    expect(seen.length).toBeGreaterThanOrEqual(60);
    expect(seen.length).toBeLessThanOrEqual(61);
    for (const id of ['a', 'b', 'c']) expect(count(seen, id)).toBeGreaterThanOrEqual(19);
    expect(log()).toMatch(/"level":"error".*Generate a new token.*all sending holds/);
    const before = seen.length;
    on(() => done);
    await clock.pass(MINUTE);
    expect(seen.slice(before).sort()).toEqual(['a', 'b', 'c']);
    expect(log()).toContain('sending goes on');
  });

  it('counts the tries of a probe', async () => {
    const { started, on, clock, store } = await makeQueue();
    on(() => hold);
    await started([event('a')]);
    await clock.pass(3 * MINUTE);
    await expect(store.get('a')).resolves.toMatchObject({ attempts: 3, reason: 'Generate a new token' });
  });
});

describe('what may have been sent', () => {
  it('is repeated twice, after 30 s and 5 min, and then set aside with that reason', async () => {
    const { started, on, seen, clock, store } = await makeQueue();
    on(() => silence);
    await started([event('1')]);
    await clock.pass(30 * SECOND - 1);
    expect(seen).toHaveLength(1);
    await clock.pass(1);
    expect(seen).toHaveLength(2);
    await clock.pass(5 * MINUTE - 1);
    expect(seen).toHaveLength(2);
    await clock.pass(1);
    expect(seen).toHaveLength(3);
    await expect(store.get('1')).resolves.toMatchObject({
      state: 'set_aside',
      reason: expect.stringContaining('may have been sent') as string,
    });
    await clock.pass(HOUR);
    expect(seen).toHaveLength(3);
  });
});

describe('a pause', () => {
  it('lasts as long as the platform names, then one event tries', async () => {
    const { started, on, clock, seen, queue, log } = await makeQueue();
    on(() => pause(7 * SECOND));
    await started([event('a')]);
    await queue.add([event('b'), event('c')]);
    await clock.pass(7 * SECOND - 1);
    expect(seen).toEqual(['a']);
    await clock.pass(1);
    expect(seen).toHaveLength(2);
    on(() => done);
    await clock.pass(7 * SECOND);
    expect(seen.slice(2).sort()).toEqual(['a', 'b', 'c']);
    expect(log()).toContain('sending pauses');
    expect(log()).toContain('sending goes on');
  });

  it('grows where no time is named', async () => {
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

  it('of 950 ms stays one of 950 ms when something else fails in it', async () => {
    const { started, on, clock, seen } = await makeQueue();
    const late = signal();
    on(async ({ id }) => {
      if (id === 'late') {
        await late.sent;
        return silence;
      }
      return seen.length < 3 ? pause(950) : done;
    });
    await started([event('late'), event('a')]);
    late.send();
    await clock.pass(949);
    expect(seen).toHaveLength(2);
    await clock.pass(1);
    expect(seen).toEqual(['late', 'a', 'a']);
  });

  it('is not ended by a success, nor by a refusal, of what began before it', async () => {
    const { started, on, clock, seen, queue } = await makeQueue();
    const late = signal();
    on(async ({ id }) => {
      if (id === 'a' && !seen.includes('b') && clock.monotonic() === 0) return pause(10 * SECOND);
      if (id.startsWith('late')) await late.sent;
      return id === 'late refusal' ? refused('event') : done;
    });
    await started([event('late success'), event('late refusal'), event('a')]);
    await queue.add([event('b')]);
    late.send();
    await clock.pass(10 * SECOND - 1);
    expect(seen).not.toContain('b');
    await clock.pass(1);
    expect(seen).toContain('b');
  });

  it('lets nothing out that already waits for its turn', async () => {
    const { started, on, clock, log } = await makeQueue({ maxSendsPerSecond: 1 });
    const sent: string[] = [];
    on(async ({ id }, attempt) => {
      if (!(await isLetOut(attempt))) return heldBack;
      sent.push(id);
      return sent.length === 1 ? pause(HOUR) : done;
    });
    await started(people(64));
    await clock.pass(5 * MINUTE);
    expect(sent).toHaveLength(1);
    expect(log()).not.toContain('tried again');
  });

  it('is one failure, however many fail together', async () => {
    const { started, on, clock, seen } = await makeQueue();
    const answer = signal();
    on(async () => {
      await answer.sent;
      return pause();
    });
    await started(people(9));
    answer.send();
    await clock.pass(0);
    expect(seen).toHaveLength(9);
    await clock.pass(SECOND);
    expect(seen).toHaveLength(10);
    await clock.pass(2 * SECOND - 1);
    expect(seen).toHaveLength(10);
    await clock.pass(1);
    expect(seen).toHaveLength(11);
  });
});

describe('a probe', () => {
  it('that shows nothing makes way for the next one at once', async () => {
    const { started, on, clock, seen, queue } = await makeQueue();
    on(() => hold);
    await started([event('a')]);
    await queue.add([event('blocked'), event('after it', 'blocked'), event('c'), event('d')]);
    on(async ({ id }) => {
      if (id !== 'blocked') return hold;
      await new Promise<void>((resolve) => clock.after(SECOND, resolve));
      return refused('event', '551/-');
    });
    await clock.pass(2 * MINUTE + SECOND);
    expect(seen.slice(1)).toEqual(['a', 'blocked', 'c']);
  });

  it('that makes no call shows nothing either', async () => {
    const seen: string[] = [];
    const { started, clock, queue } = await makeQueue({
      handle: ({ id }) => {
        seen.push(id);
        return Promise.resolve(id === 'ignored' ? done : hold);
      },
    });
    await started([event('a')]);
    await queue.add([event('ignored'), event('c'), event('d')]);
    await clock.pass(2 * MINUTE);
    expect(seen).toEqual(['a', 'a', 'ignored', 'c']);
  });

  it('that gets no answer keeps the gate closed', async () => {
    const { started, on, clock, seen, queue } = await makeQueue();
    on(() => hold);
    await started([event('a')]);
    await queue.add([event('b'), event('c')]);
    on(() => retry);
    await clock.pass(MINUTE);
    expect(seen).toHaveLength(2);
    on(() => done);
    await clock.pass(MINUTE);
    expect(seen.slice(2).sort()).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, () => Promise<Verdict>]>([
    ['was held back', () => Promise.resolve(heldBack)],
    ['broke the promise not to reject', () => Promise.reject(new Error('rejected'))],
  ])('that %s makes way for the next one', async (_what, once) => {
    const { started, on, clock, seen, queue } = await makeQueue();
    on(() => hold);
    await started([event('a')]);
    await queue.add([event('b'), event('c')]);
    let isFirst = true;
    on(() => {
      if (!isFirst) return done;
      isFirst = false;
      return once();
    });
    await clock.pass(MINUTE + 3 * SECOND);
    expect(new Set(seen.slice(2))).toEqual(new Set(['a', 'b', 'c']));
  });

  it('that no event could be found for is given out again', async () => {
    let isEmpty = false;
    const { started, on, clock, seen } = await makeQueue({
      breakStore: (real) => ({ ...real, lease: (...args) => (isEmpty ? Promise.resolve([]) : real.lease(...args)) }),
    });
    on(() => hold);
    await started([event('a')]);
    isEmpty = true;
    await clock.pass(MINUTE);
    isEmpty = false;
    await clock.pass(2 * SECOND);
    expect(seen).toEqual(['a', 'a']);
  });

  it('whose event could not be leased is given out again', async () => {
    let isBroken = false;
    const { started, on, clock, seen } = await makeQueue({
      breakStore: (real) => ({
        ...real,
        lease: (...args) => (isBroken ? Promise.reject(new Error('broken')) : real.lease(...args)),
      }),
    });
    on(() => hold);
    await started([event('a')]);
    isBroken = true;
    await clock.pass(MINUTE);
    isBroken = false;
    await clock.pass(2 * SECOND);
    expect(seen).toEqual(['a', 'a']);
  });

  it('opens the gate for all at once', async () => {
    const { started, on, clock, queue } = await makeQueue();
    on(() => hold);
    await started([event('a')]);
    await queue.add([event('b'), event('c')]);
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
});

describe('slots', () => {
  it('grow with need: a slow Graph does not keep the pace from being reached', async () => {
    const { started, on, clock, queue } = await makeQueue({ maxSendsPerSecond: 300 });
    const sent: string[] = [];
    const end = signal();
    on(async ({ id }, attempt) => {
      if (!(await isLetOut(attempt))) return heldBack;
      sent.push(id);
      await Promise.race([new Promise<void>((resolve) => clock.after(2 * SECOND, resolve)), end.sent]);
      return done;
    });
    await started(people(1_200));
    await clock.pass(3 * SECOND);
    expect(sent.length).toBeGreaterThanOrEqual(891);
    end.send();
    await queue.stop();
  }, 30_000);

  it('are kept for first attempts: people whose calls time out again and again delay nobody', async () => {
    const { started, on, clock, calls, queue } = await makeQueue({ maxConcurrentConversations: 40 });
    on(async ({ id }) => {
      if (!isOffender(id)) return done;
      await new Promise<void>((resolve) => clock.after(10 * SECOND, resolve));
      return retry;
    });
    await started(people(30, 'bad'));
    await clock.pass(5 * SECOND);
    await queue.add([event('between')]);
    await clock.pass(10 * SECOND); // the second attempts are under way
    const posted = clock.monotonic();
    await queue.add(people(20, 'good'));
    await clock.pass(0);
    const good = calls.filter(({ id }) => id.startsWith('good'));
    expect(good).toHaveLength(20);
    expect(good.every(({ at }) => at === posted)).toBe(true);
    void queue.stop();
    await clock.pass(10 * SECOND);
  });
});

describe('what makes no call', () => {
  it.each([
    ['many events of few conversations', 20],
    ['events of many conversations', 10_000],
  ])('leaves others their turn: %s', async (_what, conversations) => {
    let handled = 0;
    let most = 0;
    const { queue } = await makeQueue({
      handle: () => {
        handled += 1;
        return Promise.resolve(done);
      },
    });
    await queue.add(Array.from({ length: 10_000 }, (_, n) => event(`e${n}`, `c${n % conversations}`)));
    queue.start();
    const over = queue.idle().then(() => true);
    for (let before = 0, isOver = false; !isOver; before = handled) {
      isOver = await Promise.race([over, new Promise<boolean>((resolve) => setImmediate(resolve, false))]);
      most = Math.max(most, handled - before);
    }
    expect(handled).toBe(10_000);
    expect(most).toBeLessThanOrEqual(200);
  });
});

describe('whoever is due', () => {
  it('begins at once, however many there are and however long their handlers do something else', async () => {
    const { started, on, seen } = await makeQueue();
    const mayEnd = signal();
    on(async () => {
      await mayEnd.sent;
      return done;
    });
    await started(people(200));
    expect(seen).toHaveLength(200);
    mayEnd.send();
  });

  it('begins when it is tried again, though first attempts take as many slots as repeated ones may', async () => {
    const { started, on, seen, clock, queue } = await makeQueue({ maxConcurrentConversations: 8 });
    const mayEnd = signal();
    on(async ({ id }) => {
      if (id === 'again') return retry;
      await mayEnd.sent;
      return done;
    });
    await started([event('again')]);
    await queue.add(people(5));
    await clock.pass(SECOND);
    expect(count(seen, 'again')).toBe(2);
    mayEnd.send();
  });

  it('is asked for only where there is room, and no more than there is', async () => {
    const asked: [number, number][] = [];
    const { started, on, clock, queue } = await makeQueue({
      maxConcurrentConversations: 2,
      breakStore: (store) => ({
        ...store,
        lease: (page, first, repeated) => {
          asked.push([first, repeated]);
          return store.lease(page, first, repeated);
        },
      }),
    });
    const mayEnd = signal();
    on(async () => {
      await mayEnd.sent;
      return done;
    });
    await started(people(2));
    await queue.add(people(3, 'q'));
    await clock.pass(3 * SECOND);
    expect(asked).toEqual([[2, 0]]);
    mayEnd.send();
  });
});

describe('a conversation', () => {
  it('goes on with its next event, but not by a probe, nor once the bot is to stop', async () => {
    const wanted: boolean[] = [];
    const { started, on, clock, queue } = await makeQueue({
      breakStore: (store) => ({
        ...store,
        finish: (id, wantsNext) => {
          wanted.push(wantsNext);
          return store.finish(id, wantsNext);
        },
        setAside: (id, reason, wantsNext) => {
          wanted.push(wantsNext);
          return store.setAside(id, reason, wantsNext);
        },
      }),
    });
    on(({ id }) => (id === '2' ? refused('event') : done));
    await started(['1', '2', '3'].map((id) => event(id, 'a')));
    expect(wanted.splice(0)).toEqual([true, true, true]);
    on(() => hold);
    await queue.add(['4', '5'].map((id) => event(id, 'a')));
    await clock.pass(SECOND);
    on(() => done);
    await clock.pass(MINUTE);
    expect(wanted.splice(0)).toEqual([false, true]);
    const mayEnd = signal();
    on(async () => {
      await mayEnd.sent;
      return done;
    });
    await queue.add(['6', '7'].map((id) => event(id, 'a')));
    await clock.pass(0);
    const stopped = queue.stop();
    mayEnd.send();
    await stopped;
    expect(wanted).toEqual([false]);
  });
});

describe('a probe that is refused', () => {
  it.each([
    ['unknown', 1],
    ['event', 3],
  ] as const)('for what is %s shows, before the next one, so many: %d', async (scope, probes) => {
    const { started, on, clock, seen } = await makeQueue();
    on(() => hold);
    await started(people(3));
    on(() => refused(scope));
    seen.length = 0;
    await clock.pass(MINUTE);
    expect(seen).toHaveLength(probes);
  });
});

describe('slots that are taken', () => {
  it('are counted whoever has taken them', async () => {
    const { started, on, clock, queue, seen } = await makeQueue({ maxConcurrentConversations: 8 });
    const mayEnd = signal();
    on(({ id }) => (isOffender(id) && count(seen, id) === 1 ? retry : mayEnd.sent.then(() => done)));
    await started(people(2, 'bad'));
    await clock.pass(SECOND); // both are tried again
    seen.length = 0;
    await queue.add(people(20));
    await clock.pass(0);
    expect(seen).toHaveLength(6);
    mayEnd.send();
  });

  it.each([
    [40, 10],
    [3, 1],
  ])('of %d, at most %d go to attempts that are repeated', async (maxConcurrentConversations, most) => {
    const { started, on, clock, seen } = await makeQueue({ maxConcurrentConversations });
    let underWay = 0;
    on(async () => {
      if (seen.length <= maxConcurrentConversations)
        return { kind: 'retry', reason: 'x', cause: undefined, mayBeSent: false };
      underWay += 1;
      await new Promise<void>((resolve) => clock.after(10 * SECOND, resolve));
      return done;
    });
    await started(people(maxConcurrentConversations));
    await clock.pass(5 * SECOND);
    expect(underWay).toBe(most);
  });

  it('go no further to events that were put back than to others that are repeated', async () => {
    const { started, on, seen, store, settle, clock } = await makeQueue({ maxConcurrentConversations: 8 });
    const mayEnd = signal();
    on(() => refused('event'));
    await started(people(4));
    on(() => mayEnd.sent.then(() => done));
    seen.length = 0;
    await Promise.all(people(4).map(({ id }) => store.retry(id)));
    for (let second = 0; second < 3; second += 1) await clock.pass(SECOND);
    await settle();
    expect(seen).toHaveLength(2);
    mayEnd.send();
  });

  it('do not all wait for their turn at the pace: whoever waits there may have to be turned back', async () => {
    const { started, on, seen, queue, clock } = await makeQueue({ maxSendsPerSecond: 1 });
    on(async (_event, attempt) => ((await isLetOut(attempt)) ? done : heldBack));
    await started(people(200));
    expect(seen).toHaveLength(65); // one has left
    await clock.pass(SECOND);
    expect(seen).toHaveLength(66);
    await queue.stop();
  });
});

describe('an attempt that is half through', () => {
  it('opens the gate with the call that succeeded, and tries the other one again', async () => {
    const { started, on, clock, seen, queue, state, store } = await makeQueue();
    on(() => hold);
    await started([event('a')]);
    await queue.add([event('b')]);
    on(async ({ id }, attempt) => {
      if (id === 'a') await attempt.note({ path: '/messages', answer: {} });
      return id === 'a' ? refused('unknown') : done;
    });
    await clock.pass(MINUTE);
    expect(seen.slice(1)).toEqual(['a', 'b']);
    await expect(state('a')).resolves.toBe('waiting');
    await expect(store.get('a')).resolves.toMatchObject({ attempts: 1, calls: [{ path: '/messages' }] });
  });

  it('whose note could not be stored says nothing about the Page', async () => {
    const { started, on, clock, log } = await makeQueue();
    on(() => ({ kind: 'retry', reason: 'disk full', cause: undefined, mayBeSent: false }));
    await started(people(20));
    await clock.pass(MINUTE);
    expect(log()).not.toMatch(/sending (pauses|holds)/);
  });
});
