import { KEEP_DONE_MS, KEEP_SET_ASIDE_MS, type EventStore, type NewEvent } from '../../src/queue/event-store';

const NOW = 1_795_384_800_000;
const none: ReadonlySet<string> = new Set();

const event = (id: string, conversation = 'a', timestamp = NOW): NewEvent => ({
  id,
  conversation,
  timestamp,
  payload: { text: `of ${id}`, emoji: '👋' },
});

/**
 * What every engine must do, however it does it.
 *
 * @param name of the engine
 * @param open opens the store at a place; the same place again finds what was stored there
 * @param makePlace makes an empty place
 */
export function eventStoreContract(
  name: string,
  open: (place: string) => Promise<EventStore>,
  makePlace: () => string,
): void {
  describe(`${name}, as a store of events`, () => {
    let place: string;
    let store: EventStore;

    beforeEach(async () => {
      place = makePlace();
      store = await open(place);
    });
    afterEach(async () => {
      await store.close();
    });
    const reopen = async () => {
      await store.close();
      store = await open(place);
    };
    const headId = (conversation = 'a') => store.head(conversation)?.id;
    const due = (now = NOW) => store.dueConversations(now, 10, none);

    it('keeps an event as it came, also across a restart', async () => {
      await expect(store.add([event('1')], NOW)).resolves.toEqual({ added: 1, known: 0 });
      await reopen();
      expect(store.head('a')).toMatchObject({
        ...event('1'),
        state: 'waiting',
        receivedAt: NOW,
        attempts: 0,
        calls: [],
      });
      expect(store.countWaiting()).toBe(1);
    });

    it('knows an event again: waiting, done, set aside, in the same batch, and across a restart', async () => {
      await expect(store.add([event('1'), event('1'), event('2'), event('3')], NOW)).resolves.toEqual({
        added: 3,
        known: 1,
      });
      await store.finish('2', NOW);
      await store.setAside('3', 'why', NOW);
      await reopen();
      await expect(store.add([event('1'), event('2'), event('3')], NOW)).resolves.toEqual({ added: 0, known: 3 });
      expect(store.countWaiting()).toBe(1);
    });

    it('gives the events of a conversation by timestamp, equal ones as they came', async () => {
      await store.add([event('z', 'a', NOW + 2), event('y', 'a', NOW + 1), event('x', 'a', NOW + 1)], NOW);
      await store.add([event('w', 'a', NOW)], NOW);
      const order: (string | undefined)[] = [];
      for (let id = headId(); id; id = headId()) {
        order.push(id);
        await store.finish(id, NOW);
      }
      expect(order).toEqual(['w', 'y', 'x', 'z']);
      expect(due()).toEqual([]);
    });

    it('goes on with an event whose calls have begun before an earlier one', async () => {
      await store.add([event('late', 'a', NOW + 5)], NOW);
      await store.noteCall('late', { path: '/messages', answer: { message_id: 'm' } });
      await store.add([event('early', 'a', NOW)], NOW);
      await reopen();
      expect(store.head('a')).toMatchObject({
        id: 'late',
        calls: [{ path: '/messages', answer: { message_id: 'm' } }],
      });
      await store.finish('late', NOW);
      expect(headId()).toBe('early');
    });

    it('gives due conversations, longest due first, up to a limit, except some', async () => {
      await store.add([event('1', 'c')], NOW);
      await store.add([event('2', 'a')], NOW + 1);
      await store.add([event('3', 'b'), event('4', 'b')], NOW + 2);
      expect(store.dueConversations(NOW + 1, 10, none)).toEqual(['c', 'a']);
      expect(store.dueConversations(NOW + 9, 2, none)).toEqual(['c', 'a']);
      expect(store.dueConversations(NOW + 9, 10, new Set(['c']))).toEqual(['a', 'b']);
      expect(store.nextDueAt(new Set(['c', 'a']))).toBe(NOW + 2);
      expect(store.nextDueAt(new Set(['c', 'a', 'b']))).toBeUndefined();
    });

    it('postpones a conversation, with the reason, and counts failures', async () => {
      await store.add([event('1')], NOW);
      await store.postpone('1', NOW + 1_000, 'no answer', true);
      await store.add([event('2', 'a', NOW - 1)], NOW);
      expect(due()).toEqual([]);
      expect(due(NOW + 1_000)).toEqual(['a']);
      expect(store.get('1')).toMatchObject({ attempts: 1, reason: 'no answer' });
      await store.postpone('1', NOW, 'token', false);
      expect(store.get('1')).toMatchObject({ attempts: 1, reason: 'token' });
      expect(due()).toEqual(['a']);
    });

    it('sets an event aside and goes on with the next', async () => {
      await store.add([event('1'), event('2')], NOW);
      await store.setAside('1', 'refused', NOW + 7);
      expect(headId()).toBe('2');
      expect(store.countWaiting()).toBe(1);
      expect(store.get('1')).toMatchObject({ state: 'set_aside', reason: 'refused', endedAt: NOW + 7 });
    });

    it('puts a set-aside event back to its place, and keeps the calls it has made', async () => {
      await store.add([event('1', 'a', NOW), event('2', 'a', NOW + 1)], NOW);
      await store.noteCall('1', { path: '/messages', answer: {} });
      await store.setAside('1', 'refused', NOW);
      await expect(store.retry('1', NOW + 5)).resolves.toBe(true);
      expect(store.head('a')).toMatchObject({
        id: '1',
        state: 'waiting',
        attempts: 0,
        retriedAt: NOW + 5,
        calls: [{ path: '/messages' }],
      });
      expect(store.head('a')).not.toHaveProperty('reason');
      await expect(store.retry('1', NOW)).resolves.toBe(false);
      await expect(store.retry('unknown', NOW)).resolves.toBe(false);
    });

    it('drops a waiting and a set-aside event, and still knows them', async () => {
      await store.add([event('1'), event('2')], NOW);
      await store.setAside('2', 'refused', NOW);
      await expect(Promise.all([store.drop('1', NOW), store.drop('2', NOW), store.drop('3', NOW)])).resolves.toEqual([
        true,
        true,
        false,
      ]);
      expect([...store.list()]).toEqual([]);
      expect(due()).toEqual([]);
      await expect(store.add([event('1'), event('2')], NOW)).resolves.toEqual({ added: 0, known: 2 });
    });

    it('lists what waits and what was set aside', async () => {
      await store.add([event('1'), event('2'), event('3')], NOW);
      await store.finish('1', NOW);
      await store.setAside('2', 'refused', NOW);
      expect([...store.list()].map(({ id, state }) => [id, state])).toEqual([
        ['2', 'set_aside'],
        ['3', 'waiting'],
      ]);
    });

    it('forgets done events after 48 hours and set-aside ones after 30 days', async () => {
      await store.add([event('done'), event('aside'), event('waiting')], NOW);
      await store.finish('done', NOW);
      await store.setAside('aside', 'refused', NOW);
      await expect(store.clean(NOW + KEEP_DONE_MS)).resolves.toBe(0);
      await expect(store.clean(NOW + KEEP_DONE_MS + 1)).resolves.toBe(1);
      await expect(store.add([event('done')], NOW)).resolves.toEqual({ added: 1, known: 0 });
      await expect(store.clean(NOW + KEEP_SET_ASIDE_MS)).resolves.toBe(0);
      await expect(store.clean(NOW + KEEP_SET_ASIDE_MS + 1)).resolves.toBe(1);
      expect([...store.list()].map(({ id }) => id)).toEqual(['done', 'waiting']);
    });

    it('does nothing to events it does not hold', async () => {
      await store.add([event('1')], NOW);
      await store.finish('1', NOW);
      for (const id of ['1', 'unknown']) {
        await store.finish(id, NOW);
        await store.setAside(id, 'x', NOW);
        await store.postpone(id, NOW, 'x', true);
        await store.noteCall(id, { path: '/x', answer: {} });
        expect(store.get(id)).toBeUndefined();
      }
      expect([...store.list()]).toEqual([]);
    });

    it('takes many changes at once', async () => {
      const ids = Array.from({ length: 300 }, (_, n) => `e${n}`);
      await Promise.all(ids.map((id, n) => store.add([event(id, `c${n % 7}`)], NOW)));
      expect(store.countWaiting()).toBe(300);
      await Promise.all(ids.map((id) => store.finish(id, NOW)));
      expect(store.countWaiting()).toBe(0);
      expect(due()).toEqual([]);
    });
  });
}
