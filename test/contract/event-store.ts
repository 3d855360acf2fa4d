import type { Clock } from '../../src/process/clock';
import { QueueFullError, type EventStore, type NewEvent, type StoredEvent } from '../../src/queue/event-store';
import { fakeClock, type FakeClock } from '../support/fake-clock';

const NOW = 1_795_384_800_000;
const SECOND = 1_000;
const HOUR = 3_600_000;

const event = (id: string, conversation = 'a', timestamp = NOW, page = 'p'): NewEvent => ({
  id,
  page,
  conversation,
  timestamp,
  payload: { text: `of ${id}`, emoji: '👋' },
});
const failed = { reason: 'no answer', failed: true, mayBeSent: false };

/**
 * What every engine must do, however it does it.
 *
 * @param name of the engine
 * @param open opens the store at a place; the same place again finds what was stored there
 * @param makePlace makes an empty place
 */
export function eventStoreContract(
  name: string,
  open: (place: string, clock: Clock) => Promise<EventStore>,
  makePlace: () => string | Promise<string>,
): void {
  describe(`${name}, as a store of events`, () => {
    let place: string;
    let store: EventStore;
    let clock: FakeClock;

    beforeEach(async () => {
      place = await makePlace();
      clock = fakeClock(NOW);
      store = await open(place, clock);
    });
    afterEach(async () => {
      await store.close();
    });
    const reopen = async () => {
      await store.close();
      store = await open(place, clock);
    };
    const add = (...events: NewEvent[]) => store.add(events, 1_000);
    const leaseAll = async (first = 100, repeated = 100, page = 'p'): Promise<StoredEvent[]> => {
      await store.due();
      return (await store.lease(page, first, repeated)).map((lease) => lease.event);
    };
    const leaseIds = async (first?: number, repeated?: number, page?: string) =>
      (await leaseAll(first, repeated, page)).map(({ id }) => id);
    const listed = async () => {
      const all: StoredEvent[] = [];
      for await (const one of store.list()) all.push(one);
      return all.map(({ id, state }) => [id, state]);
    };

    it('keeps an event as it came, also across a restart', async () => {
      await expect(add(event('1'))).resolves.toEqual({ added: 1, known: 0 });
      await reopen();
      const [first] = await leaseAll();
      expect(first).toMatchObject({
        ...event('1'),
        state: 'waiting',
        receivedAt: NOW,
        attempts: 0,
        uncertain: 0,
        calls: [],
      });
      await expect(store.figures()).resolves.toMatchObject({ waiting: 1 });
    });

    it('takes in at once as many as may wait, and no more, right after the start, too', async () => {
      const one = (n: number) => store.add([event(`at once ${n}`, `c${n}`)], 10);
      await Promise.all(Array.from({ length: 10 }, (_, n) => one(n)));
      await expect(one(11)).rejects.toThrow(QueueFullError);
      await expect(store.figures()).resolves.toMatchObject({ waiting: 10 });
    });

    it('knows an event again: waiting, done, set aside, in the same batch, and across a restart', async () => {
      await expect(add(event('1'), event('1'), event('2', 'b'), event('3', 'c'))).resolves.toEqual({
        added: 3,
        known: 1,
      });
      await leaseAll();
      await store.finish('2', false);
      await store.setAside('3', 'why', false);
      await reopen();
      await expect(add(event('1'), event('2'), event('3'))).resolves.toEqual({ added: 0, known: 3 });
      await expect(store.figures()).resolves.toMatchObject({ waiting: 1 });
    });

    it('knows an event that is being stored at the same time', async () => {
      const both = await Promise.all([add(event('1')), add(event('1'), event('2'))]);
      expect(both).toEqual([
        { added: 1, known: 0 },
        { added: 1, known: 1 },
      ]);
      await expect(store.figures()).resolves.toMatchObject({ waiting: 2 });
    });

    it('does not say that an event is known before it is stored', async () => {
      const [, seen] = await Promise.all([add(event('1')), add(event('1')).then(() => store.get('1'))]);
      expect(seen).toMatchObject({ id: '1' });
    });

    it('counts what is being stored, too', async () => {
      await store.due();
      const both = await Promise.allSettled([
        store.add([event('1'), event('2')], 3),
        store.add([event('3'), event('4')], 3),
      ]);
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    });

    it('refuses events above the bound, all of them, but not those it knows', async () => {
      await store.add([event('1'), event('2')], 3);
      await expect(store.add([event('3'), event('4')], 3)).rejects.toThrow(QueueFullError);
      await expect(store.add([event('1'), event('2'), event('3')], 3)).resolves.toEqual({ added: 1, known: 2 });
      await expect(store.add([event('1'), event('3')], 1)).resolves.toEqual({ added: 0, known: 2 });
      await reopen();
      await expect(store.add([event('4')], 3)).rejects.toThrow(QueueFullError);
    });

    it('gives the events of a conversation by timestamp, equal ones as they came, one at a time', async () => {
      await add(event('z', 'a', NOW + 2), event('y', 'a', NOW + 1), event('x', 'a', NOW + 1));
      await add(event('w', 'a', NOW));
      const order = await leaseIds();
      expect(order).toEqual(['w']);
      await expect(leaseIds()).resolves.toEqual([]);
      for (let id = order[0]; id !== undefined;) {
        const next = await store.finish(id, true);
        id = next?.id;
        if (next) order.push(next.id);
      }
      expect(order).toEqual(['w', 'y', 'x', 'z']);
      await expect(store.due()).resolves.toEqual([]);
    });

    it('goes on with an event whose calls have begun before an earlier one', async () => {
      const call = { path: '/messages', answer: { message_id: 'm' } };
      await add(event('late', 'a', NOW + 5));
      await leaseAll();
      await store.noteCall('late', 0, call);
      await add(event('early', 'a', NOW));
      await reopen();
      const [late] = await leaseAll();
      expect(late).toMatchObject({ id: 'late', calls: [call] });
      await expect(store.finish('late', true)).resolves.toMatchObject({ id: 'early' });
    });

    it('goes on with an event whose calls have begun, whatever becomes of others in its conversation', async () => {
      const call = { path: '/messages', answer: {} };
      await add(event('x', 'a', NOW + 5), event('y', 'a', NOW + 6), event('z', 'a', NOW + 7));
      await leaseAll();
      await store.noteCall('x', 0, call);
      await store.setAside('x', 'refused', true);
      await store.noteCall('y', 0, call);
      await store.postpone('y', { ...failed, delayMs: 0 });
      await store.retry('x');
      await add(event('early', 'a', NOW));
      await store.drop('z');
      await expect(leaseIds()).resolves.toEqual(['x']);
      await expect(store.finish('x', true)).resolves.toMatchObject({ id: 'y' });
      await store.release('y');
      await expect(leaseIds()).resolves.toEqual(['y']);
      await expect(store.finish('y', true)).resolves.toMatchObject({ id: 'early' });
    });

    it('keeps every noted call, each once, and forgets that something may have been sent', async () => {
      await add(event('1'));
      await leaseAll();
      await store.postpone('1', { ...failed, delayMs: 0, mayBeSent: true });
      await leaseAll();
      await store.noteCall('1', 0, { path: '/a', answer: {} });
      await store.noteCall('1', 1, { path: '/b', answer: {} });
      await store.noteCall('1', 1, { path: '/b', answer: {} });
      await reopen();
      const [first] = await leaseAll();
      expect(first?.calls.map(({ path }) => path)).toEqual(['/a', '/b']);
      expect(first).toMatchObject({ attempts: 1, uncertain: 0 });
    });

    it('leases due conversations, longest due first, up to a limit, each to one only', async () => {
      await add(event('1', 'c'));
      await clock.pass(1);
      await add(event('2', 'a'));
      await clock.pass(1);
      await add(event('3', 'b'), event('4', 'b'), event('other', 'd', NOW, 'q'));
      await expect(leaseIds(2)).resolves.toEqual(['1', '2']);
      await expect(leaseIds()).resolves.toEqual(['3']);
      await expect(leaseIds()).resolves.toEqual([]);
      await expect(leaseIds(1, 0, 'q')).resolves.toEqual(['other']);
    });

    it('gives the lease of a conversation up and takes it back in its old place', async () => {
      await add(event('1', 'a'));
      await clock.pass(1);
      await add(event('2', 'b'));
      await expect(leaseIds(1)).resolves.toEqual(['1']);
      await store.release('1');
      await expect(leaseIds(1)).resolves.toEqual(['1']);
    });

    it('gives up the conversation when no next event is wanted', async () => {
      await add(event('1'), event('2'), event('3'));
      await leaseAll();
      await expect(store.finish('1', false)).resolves.toBeUndefined();
      await expect(leaseIds()).resolves.toEqual(['2']);
      await expect(store.setAside('2', 'why', false)).resolves.toBeUndefined();
      await expect(leaseIds()).resolves.toEqual(['3']);
    });

    it('ends a lease when it is closed', async () => {
      await add(event('1'));
      await store.due();
      const [lease] = await store.lease('p', 1, 1);
      expect(lease?.signal.aborted).toBe(false);
      await reopen();
      expect(lease?.signal.aborted).toBe(true);
    });

    it('tells how soon first and repeated attempts are due, and leases them apart', async () => {
      await add(event('1', 'a'), event('2', 'b'));
      await leaseAll();
      await store.postpone('1', { ...failed, delayMs: 5 * SECOND });
      await store.release('2');
      await expect(store.due()).resolves.toEqual([{ page: 'p', first: 0, repeated: 5 * SECOND }]);
      await expect(leaseIds(0, 9)).resolves.toEqual([]);
      await clock.pass(5 * SECOND);
      await expect(leaseIds(0, 9)).resolves.toEqual(['1']);
      await expect(leaseIds(9, 0)).resolves.toEqual(['2']);
      await expect(store.due()).resolves.toEqual([]);
      await store.postpone('2', { ...failed, failed: false, delayMs: 0 });
      await expect(store.due()).resolves.toEqual([{ page: 'p', first: 0, repeated: undefined }]);
      await reopen();
      await expect(leaseIds(0, 9)).resolves.toEqual(['1']);
      await expect(leaseIds(9, 0)).resolves.toEqual(['2']);
      await store.postpone('2', { ...failed, failed: false, delayMs: 0 });
      await expect(leaseIds(9, 0)).resolves.toEqual(['2']);
    });

    it('postpones a conversation, with the reason, and counts failures', async () => {
      await add(event('1'));
      await leaseAll();
      await store.postpone('1', { ...failed, delayMs: SECOND });
      await add(event('2', 'a', NOW - 1));
      await expect(leaseIds()).resolves.toEqual([]);
      await expect(store.get('1')).resolves.toMatchObject({ attempts: 1, uncertain: 0, reason: 'no answer' });
      await clock.pass(SECOND);
      await expect(leaseIds()).resolves.toEqual(['2']);
      await store.finish('2', true);
      await store.postpone('1', { ...failed, delayMs: 0, mayBeSent: true, reason: 'silence' });
      await expect(store.get('1')).resolves.toMatchObject({ attempts: 2, uncertain: 1, reason: 'silence' });
      await leaseAll();
      await store.postpone('1', { delayMs: 0, failed: false, mayBeSent: false, reason: 'token' });
      await reopen();
      const [first] = await leaseAll();
      expect(first).toMatchObject({ attempts: 2, uncertain: 1, reason: 'token' });
    });

    it('sets an event aside and goes on with the next', async () => {
      await add(event('1'), event('2'));
      await leaseAll();
      await clock.pass(7);
      await expect(store.setAside('1', 'refused', true)).resolves.toMatchObject({ id: '2' });
      await expect(store.figures()).resolves.toMatchObject({ waiting: 1 });
      await expect(store.get('1')).resolves.toMatchObject({ state: 'set_aside', reason: 'refused', endedAt: NOW + 7 });
    });

    it('puts a set-aside event back to its place, and keeps the calls it has made', async () => {
      await add(event('1', 'a', NOW), event('2', 'a', NOW + 1));
      await leaseAll();
      await store.noteCall('1', 0, { path: '/messages', answer: {} });
      await store.setAside('1', 'refused', false);
      await expect(store.retry('1')).resolves.toBe(true);
      const [first] = await leaseAll();
      expect(first).toMatchObject({
        id: '1',
        state: 'waiting',
        attempts: 0,
        uncertain: 0,
        retriedAt: NOW,
        calls: [{ path: '/messages' }],
      });
      expect(first).not.toHaveProperty('reason');
      expect(first).not.toHaveProperty('endedAt');
      await expect(store.retry('1')).resolves.toBe(false);
      await expect(store.retry('unknown')).resolves.toBe(false);
      await expect(store.figures()).resolves.toMatchObject({ waiting: 2 });
      await clock.pass(SECOND);
      await store.due();
      await expect(store.figures()).resolves.toMatchObject({ waiting: 2 });
    });

    it('lets no first attempt wait behind what was put back, whatever becomes of it', async () => {
      await add(event('back', 'a'));
      await leaseAll();
      await store.setAside('back', 'refused', false);
      await store.retry('back');
      await clock.pass(1);
      await add(event('new', 'b'));
      const lanes = { page: 'p', first: 0, repeated: 0 };
      for (const change of [() => Promise.resolve(), reopen]) {
        await change();
        await expect(store.due()).resolves.toEqual([lanes]);
        await expect(leaseIds(9, 0)).resolves.toEqual(['new']);
        await expect(leaseIds(0, 9)).resolves.toEqual(['back']);
        await store.release('new');
        await store.postpone('back', { ...failed, failed: false, delayMs: 0 });
      }
      await expect(store.due()).resolves.toEqual([lanes]);
    });

    it('keeps no new event out for those that were put back, right after the start, too', async () => {
      await add(...['1', '2', '3'].map((id) => event(id, id)));
      await leaseAll();
      for (const id of ['1', '2', '3']) {
        await store.setAside(id, 'refused', false);
        await store.retry(id);
      }
      await expect(store.add([event('4', '4'), event('5', '5')], 2)).resolves.toMatchObject({ added: 2 });
      await reopen();
      await leaseAll();
      await store.finish('1', false); // was one of those that count for nothing
      await expect(store.add([event('6', '6')], 2)).rejects.toThrow(QueueFullError);
      await store.finish('4', false);
      await reopen();
      await expect(store.add([event('6', '6')], 2)).resolves.toMatchObject({ added: 1 });
      await expect(store.add([event('7', '7')], 2)).rejects.toThrow(QueueFullError);
      await expect(store.figures()).resolves.toMatchObject({ waiting: 4 });
    });

    it('drops a waiting and a set-aside event, and still knows them', async () => {
      await add(event('1', 'a'), event('2', 'b'));
      await leaseAll();
      await store.setAside('2', 'refused', false);
      await store.release('1');
      await expect(Promise.all(['1', '2', '3'].map((id) => store.drop(id)))).resolves.toEqual([true, true, false]);
      await expect(listed()).resolves.toEqual([]);
      await expect(store.figures()).resolves.toMatchObject({ waiting: 0 });
      await expect(leaseIds()).resolves.toEqual([]);
      await expect(add(event('1'), event('2'))).resolves.toEqual({ added: 0, known: 2 });
    });

    it('lets an event be dropped while it is being handled, and does not bring it back', async () => {
      await add(event('1'), event('2'), event('3', 'c'));
      await leaseAll();
      await store.drop('3');
      await store.setAside('3', 'too late', true);
      await store.drop('1');
      await store.noteCall('1', 0, { path: '/x', answer: {} });
      await store.postpone('1', { ...failed, delayMs: 0 });
      await expect(listed()).resolves.toEqual([['2', 'waiting']]);
      await expect(leaseIds()).resolves.toEqual(['2']);
      await reopen();
      await expect(store.figures()).resolves.toMatchObject({ waiting: 1 });
    });

    it('tries at once, whatever it was waiting for, a conversation in which an operator has dropped or put back an event', async () => {
      for (const name of ['a', 'b']) await add(event(`${name}1`, name), event(`${name}2`, name, NOW + 1));
      await add(event('c', 'c'));
      await leaseAll();
      await store.setAside('b1', 'refused', true);
      for (const id of ['a1', 'b2', 'c']) await store.postpone(id, { ...failed, delayMs: 10 * SECOND });
      await expect(leaseIds()).resolves.toEqual([]);
      await store.drop('a1');
      await store.retry('b1');
      await expect(leaseIds()).resolves.toEqual(['a2', 'b1']);
      await store.drop('b2'); // of a conversation that is leased
      await expect(leaseIds()).resolves.toEqual([]);
      await clock.pass(10 * SECOND);
      await expect(leaseIds()).resolves.toEqual(['c']);
    });

    it('lists what waits and what was set aside, in the order in which it came', async () => {
      await add(event('1', 'a'), event('3', 'c'), event('2', 'b'));
      await add(event('0', 'd', NOW - 1));
      await leaseAll();
      await store.finish('1', true);
      await store.setAside('2', 'refused', true);
      const all = [
        ['3', 'waiting'],
        ['2', 'set_aside'],
        ['0', 'waiting'],
      ];
      await expect(listed()).resolves.toEqual(all);
      await reopen();
      await expect(listed()).resolves.toEqual(all);
    });

    it('lists each event once, however many there are, while others come and go', async () => {
      const ids = Array.from({ length: 1_000 }, (_, n) => `e${n}`);
      await store.add(
        ids.map((id) => event(id)),
        1_000,
      );
      const found: string[] = [];
      for await (const { id } of store.list()) {
        if (found.length === 0) await store.add([event('new')], 2_000);
        await store.drop(id);
        found.push(id);
      }
      expect(found).toEqual(ids);
    });

    it('forgets done events after 48 hours and set-aside ones after 30 days, and not before', async () => {
      await add(event('done', 'a'), event('aside', 'b'), event('waiting', 'c'));
      await leaseAll();
      await store.finish('done', true);
      await store.setAside('aside', 'refused', true);
      const clean = () => store.clean(clock.now(), 100);
      await clock.pass(48 * HOUR);
      await expect(clean()).resolves.toBe(0);
      await clock.pass(1);
      await expect(clean()).resolves.toBe(1);
      await expect(add(event('done'))).resolves.toEqual({ added: 1, known: 0 });
      await clock.pass(28 * 24 * HOUR - 1);
      await expect(clean()).resolves.toBe(0);
      await clock.pass(1);
      await expect(clean()).resolves.toBe(1);
      expect((await listed()).map(([id]) => id).sort()).toEqual(['done', 'waiting']);
      await expect(add(event('aside'))).resolves.toEqual({ added: 1, known: 0 });
    });

    it('does not forget what is being put back', async () => {
      await add(event('1'));
      await leaseAll();
      await store.setAside('1', 'refused', true);
      await clock.pass(31 * 24 * HOUR);
      const [isBack] = await Promise.all([store.retry('1'), store.clean(clock.now(), 100)]); // one of them is first
      await expect(leaseIds()).resolves.toEqual(isBack ? ['1'] : []);
      await expect(add(event('1'))).resolves.toEqual(isBack ? { added: 0, known: 1 } : { added: 1, known: 0 });
    });

    it('forgets done and set-aside events side by side, so many at once', async () => {
      const ids = Array.from({ length: 10 }, (_, n) => [event(`d${n}`, `d${n}`), event(`a${n}`, `a${n}`)]).flat();
      await add(...ids);
      await leaseAll();
      for (const { id } of ids) await (id.startsWith('d') ? store.finish(id, true) : store.setAside(id, 'no', true));
      await clock.pass(31 * 24 * HOUR);
      await expect(store.clean(clock.now(), 4)).resolves.toBe(4);
      expect(await listed()).toHaveLength(8);
      await expect(store.clean(clock.now(), 100)).resolves.toBe(16);
    });

    it('does nothing to events it does not hold', async () => {
      await add(event('1'));
      await leaseAll();
      await store.finish('1', true);
      for (const id of ['1', 'unknown']) {
        await expect(store.finish(id, true)).resolves.toBeUndefined();
        await expect(store.setAside(id, 'x', true)).resolves.toBeUndefined();
        await store.postpone(id, { ...failed, delayMs: 0 });
        await store.noteCall(id, 0, { path: '/x', answer: {} });
        await store.release(id);
        await expect(store.get(id)).resolves.toBeUndefined();
      }
      await expect(listed()).resolves.toEqual([]);
    });

    it('tells how much it holds, and since when the oldest one waits', async () => {
      const nothing = { waiting: 0, putBack: 0, oldestSince: undefined, setAside: 0 };
      await store.due();
      await expect(store.figures()).resolves.toEqual(nothing);
      await add(event('e1'));
      await clock.pass(SECOND);
      await add(event('e2', 'b'), event('e3', 'c'));
      await clock.pass(SECOND);
      await leaseAll();
      await expect(store.figures()).resolves.toEqual({ ...nothing, waiting: 3, oldestSince: NOW });
      await store.setAside('e1', 'blocked', false);
      await expect(store.figures()).resolves.toEqual({
        ...nothing,
        waiting: 2,
        oldestSince: NOW + SECOND,
        setAside: 1,
      });
      await store.finish('e2', false);
      await store.retry('e1');
      const figures = { waiting: 2, putBack: 1, oldestSince: NOW + SECOND, setAside: 0 };
      await expect(store.figures()).resolves.toEqual(figures);
      await store.finish('e3', false);
      await expect(store.figures()).resolves.toEqual({
        ...figures,
        waiting: 1,
        oldestSince: NOW + 2 * SECOND,
      });
      await reopen();
      await store.due();
      await add(event('e4', 'd'));
      await expect(store.figures()).resolves.toEqual({ ...figures, oldestSince: NOW + 2 * SECOND });
    });

    it('shows some of the events that are to be tried again, soonest first, and of those set aside, latest first', async () => {
      await add(...['e1', 'e2', 'e3', 'e4', 'e5'].map((id) => event(id, id)), event('e6', 'e5'));
      await leaseAll();
      await store.postpone('e1', { ...failed, delayMs: 5 * SECOND });
      await store.postpone('e2', { ...failed, delayMs: SECOND });
      await store.setAside('e3', 'blocked', false);
      await clock.pass(SECOND);
      await store.setAside('e4', 'gone', false);
      const { delayed, setAside } = await store.troubled(10);
      expect(delayed.map(({ event: { id, reason }, dueInMs }) => [id, reason, dueInMs])).toEqual([
        ['e2', 'no answer', 0],
        ['e1', 'no answer', 4 * SECOND],
      ]);
      expect(setAside.map(({ id, reason }) => [id, reason])).toEqual([
        ['e4', 'gone'],
        ['e3', 'blocked'],
      ]);
      const fewer = await store.troubled(1);
      expect([fewer.delayed, fewer.setAside].map((some) => some.length)).toEqual([1, 1]);
      await store.drop('e2');
      expect((await store.troubled(10)).delayed.map(({ event: { id } }) => id)).toEqual(['e1']);
    });

    it('finds that something could be stored, and means nothing by what it writes for that', async () => {
      await expect(store.probe()).resolves.toBeUndefined();
      await add(event('e1'));
      await reopen();
      await expect(listed()).resolves.toEqual([['e1', 'waiting']]);
    });

    it('keeps texts about conversations, beside their events and across a restart', async () => {
      const kept = async () => {
        const all: (readonly [string, string])[] = [];
        for await (const one of store.keptNotes()) all.push(one);
        return all;
      };
      await expect(kept()).resolves.toEqual([]);
      const many = Array.from({ length: 1_200 }, (_, n) => [`c${String(n).padStart(4, '0')}`, `text ${n}`] as const);
      store.keepNotes(new Map(many));
      await reopen();
      await expect(kept()).resolves.toEqual(many);
      store.keepNotes(
        new Map([
          ['c0000', 'another'],
          ['c0002', undefined],
          ['unknown', undefined],
        ]),
      );
      await reopen();
      await expect(kept()).resolves.toEqual([['c0000', 'another'], many[1], ...many.slice(3)]);
      const now = new Map<string, string | undefined>(await kept());
      for (const [conversation, text] of await store.changedNotes()) expect(text).toBe(now.get(conversation));
      await expect(store.figures()).resolves.toMatchObject({ waiting: 0, setAside: 0 });
    });

    it('takes many changes at once', async () => {
      const ids = Array.from({ length: 300 }, (_, n) => `e${n}`);
      await Promise.all(ids.map((id, n) => add(event(id, `c${n % 7}`))));
      await expect(store.figures()).resolves.toMatchObject({ waiting: 300 });
      const chains = (await leaseAll()).map(async ({ id }) => {
        for (let next: string | undefined = id; next !== undefined;) next = (await store.finish(next, true))?.id;
      });
      await Promise.all(chains);
      await expect(store.figures()).resolves.toMatchObject({ waiting: 0 });
      await expect(store.due()).resolves.toEqual([]);
    });
  });
}
