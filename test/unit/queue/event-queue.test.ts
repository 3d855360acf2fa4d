import { QueueFullError, StoreError, type EventStore } from '../../../src/queue/event-store';
import { signal } from '../../support/signal';
import { temporaryFolder } from '../../support/temporary-folder';
import {
  HOUR,
  MINUTE,
  NOW,
  SECOND,
  done,
  event,
  heldBack,
  hold,
  isLetOut,
  killQueues,
  makeQueue,
  people,
  refused,
  retry,
} from '../../support/queue-under-test';

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
    const { queue, store } = await makeQueue({ breakStore: slow });
    let accepted = false;
    const adding = queue.add([event('1')]).then(() => (accepted = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(accepted).toBe(false);
    send();
    await adding;
    await expect(store.get('1')).resolves.toBeDefined();
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

  it('rejects when the store takes 3.5 seconds, and not before', async () => {
    const { queue, clock } = await makeQueue({
      breakStore: (store) => ({ ...store, add: () => new Promise(() => undefined) }),
    });
    let outcome: unknown;
    const adding = queue.add([event('1')]).catch((error: unknown) => (outcome = error));
    await new Promise((resolve) => setImmediate(resolve));
    await clock.pass(3_499);
    expect(outcome).toBeUndefined();
    await clock.pass(1);
    await adding;
    expect(outcome).toBeInstanceOf(StoreError);
  });

  it('takes nothing in without asking the store', async () => {
    const { queue } = await makeQueue({
      breakStore: (store) => ({ ...store, add: () => Promise.reject(new Error('asked')) }),
    });
    await expect(queue.add([])).resolves.toEqual({ added: 0, known: 0 });
  });
});

describe('once', () => {
  it('says so when an event is delivered again, and only then', async () => {
    const { queue, log } = await makeQueue();
    await queue.add([event('1')]);
    expect(log()).toBe('');
    await queue.add([event('1'), event('2')]);
    expect(log()).toMatch(/"level":"info","time":\d+,"known":1,"msg":"events delivered again: already known"/);
  });

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
    const mayEnd: (() => void)[] = [];
    on(async () => {
      most = Math.max(most, ++atOnce);
      await new Promise<void>((resolve) => mayEnd.push(resolve));
      atOnce -= 1;
      return done;
    });
    await started(people(9));
    for (let n = 0; n < 6; n += 1) {
      mayEnd.splice(0).forEach((end) => {
        end();
      });
      await settle();
    }
    expect(most).toBe(3);
  });

  it("does not let a conversation wait for another one's trouble", async () => {
    const { started, on, seen, settle } = await makeQueue({ maxConcurrentConversations: 1 });
    on(({ conversation }) => (conversation === 'a' ? retry : done));
    await started([event('a1', 'a'), event('b1', 'b')]);
    await settle();
    expect(seen).toEqual(['a1', 'b1']);
  });
});

describe('to the end', () => {
  it('picks up after a restart what was not done, with the calls it had completed', async () => {
    const folder = temporaryFolder();
    const before = await makeQueue({ folder });
    before.on(async (_event, attempt) => {
      await attempt.note({ path: '/messages', answer: { message_id: 'm' } });
      await attempt.permit(false);
      await attempt.note({ path: '/pass_thread_control', answer: {} });
      return new Promise(() => undefined); // the process ends here
    });
    await before.started([event('1')]);
    await before.settle();
    killQueues();

    const after = await makeQueue({ folder });
    let completed: unknown;
    after.on((_event, attempt) => {
      completed = attempt.completed;
      return done;
    });
    after.queue.start();
    await after.settle();
    expect(after.seen).toEqual(['1']);
    expect(completed).toEqual([
      { path: '/messages', answer: { message_id: 'm' } },
      { path: '/pass_thread_control', answer: {} },
    ]);
    await expect(after.store.figures()).resolves.toMatchObject({ waiting: 0 });
  });

  it('lets no further call out before a completed one is noted, however often the store fails', async () => {
    let failures = 2;
    const { started, on, clock, log, store } = await makeQueue({
      breakStore: (real) => ({
        ...real,
        noteCall: (...args) => {
          failures -= 1;
          return failures >= 0 ? Promise.reject(new StoreError('disk full')) : real.noteCall(...args);
        },
      }),
    });
    let wentOn = false;
    on(async (_event, attempt) => {
      await attempt.note({ path: '/messages', answer: {} });
      await attempt.permit(false);
      wentOn = true;
      return done;
    });
    await started([event('1')]);
    expect(log()).toContain('"advice":"Check the disk of DATA_DIR: free space, rights, the mount."');
    for (const left of [1, 0]) {
      await clock.pass(SECOND - 1);
      expect(failures).toBe(left);
      expect(wentOn).toBe(false);
      await clock.pass(1);
    }
    expect(wentOn).toBe(true);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 0 });
  });

  it('notes a completed call while the handler still does something else', async () => {
    const { started, on, settle, store } = await makeQueue();
    const mayEnd = signal();
    on(async (_event, attempt) => {
      await attempt.note({ path: '/messages', answer: {} });
      await mayEnd.sent;
      return done;
    });
    await started([event('1')]);
    await settle();
    await expect(store.get('1')).resolves.toMatchObject({ calls: [{ path: '/messages' }] });
    mayEnd.send();
  });

  it('does not note the last call apart: ending the event says it', async () => {
    const noteCall = jest.fn();
    const { started, store } = await makeQueue({ breakStore: (real) => ({ ...real, noteCall }) });
    await started([event('1')]);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 0 });
    expect(noteCall).not.toHaveBeenCalled();
  });

  it('goes on with others when the store fails to end an event, and ends it later', async () => {
    let broken = true;
    const { started, clock, seen, log, store } = await makeQueue({
      breakStore: (real) => ({
        ...real,
        finish: (...args) =>
          broken && args[0] === '1' ? Promise.reject(new StoreError('disk full')) : real.finish(...args),
      }),
    });
    await started([event('1'), event('2')]);
    expect(seen).toEqual(['1', '2']);
    expect(log()).toContain('could not be stored; trying again');
    broken = false;
    await clock.pass(2 * SECOND);
    expect(seen).toEqual(['1', '2']);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 0 });
  });

  it('looks again when the queue could not be read', async () => {
    let broken = true;
    const { started, clock, seen, log } = await makeQueue({
      breakStore: (real) => ({ ...real, due: () => (broken ? Promise.reject(new Error('unreadable')) : real.due()) }),
    });
    await started([event('1')]);
    expect(seen).toEqual([]);
    expect(log()).toContain('unreadable');
    broken = false;
    await clock.pass(SECOND);
    expect(seen).toEqual(['1']);
  });

  it('tries a conversation again whose handler rejects against its promise', async () => {
    const { started, on, clock, seen, log } = await makeQueue();
    on(() => Promise.reject(new Error('rejected')));
    await started([event('1')]);
    expect(log()).toContain('could not be worked on');
    on(() => done);
    await clock.pass(SECOND);
    expect(seen).toEqual(['1', '1']);
  });
});

describe('a probe whose gate cannot be changed', () => {
  it('is not the end of it: its conversation is tried again', async () => {
    let broken = false;
    const { started, on, clock, seen } = await makeQueue({
      breakStore: (real) => ({
        ...real,
        gateCell: (page) => {
          const cell = real.gateCell(page);
          return {
            ...cell,
            probeLimitMs: 30 * SECOND,
            change: (step) => (broken ? Promise.reject(new StoreError('away')) : cell.change(step)),
          };
        },
      }),
    });
    on(() => hold);
    await started([event('1')]);
    on(() => {
      broken = true;
      return Promise.reject(new Error('rejected'));
    });
    await clock.pass(MINUTE);
    expect(seen).toEqual(['1', '1']);
    broken = false;
    on(() => done);
    await clock.pass(MINUTE);
    expect(seen).toEqual(['1', '1', '1']);
  });
});

describe('patient', () => {
  it('tries again after 1 s, doubling up to 5 min, while the conversation waits in order', async () => {
    const { started, on, clock, seen, store } = await makeQueue();
    on(() => retry);
    await started([event('1', 'a', NOW), event('2', 'a', NOW + 1)]);
    const waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300];
    for (const [attempt, seconds] of waits.entries()) {
      expect(seen).toHaveLength(attempt + 1);
      await clock.pass(seconds * SECOND - 1);
      expect(seen).toHaveLength(attempt + 1);
      await clock.pass(1);
    }
    expect(new Set(seen)).toEqual(new Set(['1']));
    await expect(store.get('1')).resolves.toMatchObject({ attempts: waits.length + 1, reason: 'no answer' });
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
    on(({ id }) => (id === '1' ? refused('event') : done));
    await started([event('1', 'a', NOW), event('2', 'a', NOW + 1)]);
    expect(seen).toEqual(['1', '2']);
    await expect(store.get('1')).resolves.toMatchObject({ state: 'set_aside', reason: 'refused', endedAt: NOW });
    expect(log()).toMatch(/"level":"error".*event set aside/);
  });

  it('only warns of a refusal that happens in a healthy bot, too', async () => {
    const { started, on, state, log } = await makeQueue();
    on(() => ({ kind: 'refused', reason: 'blocked', cause: '551/-', scope: 'event', isExpected: true }));
    await started([event('1')]);
    await expect(state('1')).resolves.toBe('set_aside');
    expect(log()).toMatch(/"level":"warn".*"reason":"blocked".*event set aside/);
    expect(log()).not.toContain('"level":"error"');
  });
});

describe('bounded', () => {
  it('refuses events above the bound until it has shrunk', async () => {
    const { queue, on, started, clock } = await makeQueue({ maxPendingEvents: 3 });
    on(() => retry);
    await started([event('1', 'a'), event('2', 'a')]);
    await expect(queue.add([event('3', 'c'), event('4', 'd')])).rejects.toThrow(QueueFullError);
    await expect(queue.add([event('3', 'a')])).resolves.toEqual({ added: 1, known: 0 });
    on(() => done);
    await clock.pass(2 * SECOND);
    await expect(queue.add([event('4'), event('5'), event('6')])).resolves.toEqual({ added: 3, known: 0 });
  });

  it('keeps the file from growing: a steady stream reaches a plateau, done and set-aside events alike', async () => {
    const { queue, on, clock, store, log } = await makeQueue();
    on(({ id }) => (Number(id.slice(1)) % 2 === 0 ? done : refused('event', id)));
    queue.start();
    const kept: number[] = [];
    for (let day = 0; day < 70; day += 1) {
      await queue.add(Array.from({ length: 40 }, (_, n) => event(`e${day * 40 + n}`, `c${n}`, clock.now())));
      await clock.leap(24 * HOUR);
      await clock.pass(0.2 * SECOND);
      let count = 0;
      for await (const one of store.list()) count += one.state === 'set_aside' ? 1 : 0;
      kept.push(count);
    }
    expect(kept[60]).toBe(kept[69]);
    expect(kept[69]).toBeLessThanOrEqual(31 * 20);
    expect(log()).not.toContain('could not be cleaned up');
  }, 60_000);

  it('cleans up 10,000 a second while there is more, and then every minute', async () => {
    const asked: number[] = [];
    const { queue, clock } = await makeQueue({
      breakStore: (store) => ({
        ...store,
        clean: (_now, most) => {
          asked.push(most);
          return Promise.resolve(asked.length > 100 ? 0 : most);
        },
      }),
    });
    queue.start();
    await clock.pass(SECOND);
    expect(asked.reduce((sum, most) => sum + most, 0)).toBe(10_500);
    expect(Math.max(...asked)).toBeLessThanOrEqual(500);
    await clock.pass(10 * SECOND);
    const soFar = asked.length;
    await clock.pass(MINUTE);
    expect(asked.length).toBe(soFar + 1);
  });

  it.each([
    [250, 2],
    [249, 1],
  ])(
    'cleans up more at once after %d, since then one kind of the two may have filled its share',
    async (count, times) => {
      let asked = 0;
      const { queue, clock } = await makeQueue({
        breakStore: (store) => ({
          ...store,
          clean: () => {
            asked += 1;
            return Promise.resolve(asked === 1 ? count : 0);
          },
        }),
      });
      queue.start();
      await clock.pass(SECOND);
      expect(asked).toBe(times);
    },
  );

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

  it('looks once a second for what others have done, and not more often', async () => {
    let looks = 0;
    const { queue, clock } = await makeQueue({
      breakStore: (real) => ({
        ...real,
        due: () => {
          looks += 1;
          return real.due();
        },
      }),
    });
    queue.start();
    await clock.pass(0);
    const before = looks;
    await clock.pass(10 * SECOND);
    expect(looks - before).toBe(10);
  });

  it('finds within a second what another process has put back', async () => {
    const { started, on, clock, seen, store } = await makeQueue();
    on(() => refused('event'));
    await started([event('1')]);
    on(() => done);
    await store.retry('1');
    await clock.pass(SECOND);
    expect(seen).toEqual(['1', '1']);
  });
});

describe('an odd store', () => {
  it('that says something is due and leases nothing is asked again later', async () => {
    let broken = true;
    const { started, clock, seen } = await makeQueue({
      breakStore: (real) => ({ ...real, lease: (...args) => (broken ? Promise.resolve([]) : real.lease(...args)) }),
    });
    await started([event('1')]);
    expect(seen).toEqual([]);
    broken = false;
    await clock.pass(SECOND);
    expect(seen).toEqual(['1']);
  });

  it('is given back the event that could not be worked on, not the one before it', async () => {
    const { started, on, clock, seen } = await makeQueue();
    let broken = true;
    on(({ id }) => (id === '2' && broken ? Promise.reject(new Error('x')) : done));
    await started([event('1', 'a'), event('2', 'a', NOW + 1)]);
    broken = false;
    await clock.pass(SECOND);
    expect(seen).toEqual(['1', '2', '2']);
  });

  it('that cannot release a conversation keeps nobody else waiting', async () => {
    const { started, on, seen, clock } = await makeQueue({
      breakStore: (real) => ({ ...real, release: () => Promise.reject(new Error('gone')) }),
    });
    on(({ id }) => (id === '1' ? Promise.reject(new Error('x')) : done));
    await started([event('1'), event('2')]);
    await clock.pass(SECOND);
    expect(seen).toEqual(['1', '2']);
  });
});

describe('a polite end', () => {
  it('leaves no cleaning up for later', async () => {
    let asked = 0;
    const { queue, clock, settle } = await makeQueue({
      breakStore: (store) => ({
        ...store,
        clean: () => {
          asked += 1;
          return Promise.resolve(0);
        },
      }),
    });
    queue.start();
    await settle();
    await queue.stop();
    await clock.pass(2 * MINUTE);
    expect(asked).toBe(1);
  });

  it('cleans up no more', async () => {
    const { send, sent } = signal();
    let asked = 0;
    const { queue, clock, settle } = await makeQueue({
      breakStore: (store) => ({
        ...store,
        clean: async () => {
          asked += 1;
          await sent;
          return 1;
        },
      }),
    });
    queue.start();
    await settle();
    await queue.stop();
    send();
    await clock.pass(MINUTE);
    expect(asked).toBe(1);
  });

  it('lets no further call out, notes the answers of those under way, and goes on after the restart', async () => {
    const folder = temporaryFolder();
    const { started, on, queue, seen, store } = await makeQueue({ folder });
    const answered = signal();
    on(async (_event, attempt) => {
      await answered.sent;
      await attempt.note({ path: '/messages', answer: {} });
      return attempt.permit(false).then(
        () => done,
        () => ({ kind: 'held_back' }),
      );
    });
    await started([event('1', 'a', NOW), event('2', 'a', NOW + 1)]);
    let stopped = false;
    const stopping = queue.stop().then(() => (stopped = true));
    await queue.add([event('3', 'b')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    answered.send();
    await stopping;
    expect(seen).toEqual(['1']);
    await expect(store.figures()).resolves.toMatchObject({ waiting: 3 });
    await expect(store.get('1')).resolves.toMatchObject({ attempts: 0, calls: [{ path: '/messages' }] });
  });

  it('sends nothing more that waits for its turn', async () => {
    const { queue, started, on, clock } = await makeQueue({ maxSendsPerSecond: 1 });
    const sent: string[] = [];
    on(async ({ id }, attempt) => {
      if (!(await isLetOut(attempt))) return heldBack;
      sent.push(id);
      return done;
    });
    await started(people(20));
    expect(sent).toHaveLength(1);
    await queue.stop();
    await clock.pass(MINUTE);
    expect(sent).toHaveLength(1);
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

describe('what is told of the queue', () => {
  it('is how many conversations are under way, what waits for its turn, and why nothing is sent', async () => {
    const { send, sent } = signal();
    const { queue, on, started, settle, clock } = await makeQueue({ maxSendsPerSecond: 1 });
    on(async (_event, attempt) => {
      await attempt.permit(true);
      await sent;
      return hold;
    });
    await started(people(3));
    expect(queue.status()).toEqual({
      underWay: 3,
      pages: [{ page: 'p', closed: undefined, inLine: 2 }],
    });
    send();
    await clock.pass(3 * SECOND);
    await settle();
    const { pages } = queue.status();
    expect(pages).toMatchObject([{ closed: { kind: 'hold', reason: 'Generate a new token' }, inLine: 0 }]);
  });

  it('is what becomes of each event', async () => {
    const told: string[] = [];
    const observer = {
      done: ({ id }: { id: string }, hasCalled: boolean) => told.push(`done ${id} ${String(hasCalled)}`),
      setAside: ({ id }: { id: string }) => told.push(`set aside ${id}`),
      failed: ({ id }: { id: string }) => told.push(`failed ${id}`),
      paced: (ms: number) => told.push(`paced ${ms}`),
    };
    const { queue, on, started, clock } = await makeQueue({ observer, maxSendsPerSecond: 2 });
    on(async ({ id, attempts }, attempt) => {
      await attempt.permit(true);
      if (id === '2') return refused('event');
      return id === '3' && attempts === 0 ? retry : done;
    });
    await started(['1', '2', '3'].map((id) => event(id)));
    await clock.pass(10 * SECOND);
    await queue.idle();
    expect(told.sort()).toEqual([
      'done 1 true',
      'done 3 true',
      'failed 3',
      'paced 0',
      'paced 0',
      'paced 1000',
      'paced 500',
      'set aside 2',
    ]);
  });
});

describe('a cause that may have been mended', () => {
  it('has what is held tried at once', async () => {
    const { queue, on, seen, started, settle } = await makeQueue();
    on(() => hold);
    await started([event('1')]);
    const before = seen.length;
    on(() => done);
    await queue.tryNow();
    await settle();
    expect(seen.length).toBe(before + 1);
    expect(queue.status()).toMatchObject({ pages: [{ closed: undefined }] });
  });
});
