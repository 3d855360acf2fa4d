import type { Clock } from '../../src/process/clock';
import type { CarriedEvent, MovableStore, NewEvent } from '../../src/queue/event-store';
import { fakeClock, type FakeClock } from '../support/fake-clock';

const NOW = 1_795_384_800_000;
const SECOND = 1_000;
const HOUR = 3_600_000;

const event = (id: string, conversation = 'a', timestamp = NOW): NewEvent => ({
  ...{ id, page: 'p', conversation, timestamp },
  payload: { text: `of ${id}`, emoji: '👋' },
});
const failed = { reason: 'no answer', failed: true, mayBeSent: true };

/** An event that waits, as another store gives it. */
const carried = (id: string): CarriedEvent => ({
  ...event(id),
  ...{ state: 'waiting', receivedAt: NOW, attempts: 0, uncertain: 0, calls: [] },
});

const exported = async (store: MovableStore): Promise<CarriedEvent[]> => {
  const all: CarriedEvent[] = [];
  for await (const one of store.exportAll()) all.push(one);
  return all;
};

/** An event without its place, which is each store's own. */
const withoutPlace = (one: CarriedEvent) => ({ ...one, sequence: undefined });

/**
 * What every engine must do so that its events can be moved to another one, and from there.
 *
 * @param name of the engine
 * @param open opens the store at a place as a bot does
 * @param openToMove opens it as whoever moves all that is in it elsewhere
 * @param makePlace makes an empty place
 */
export function carryingContract(
  name: string,
  open: (place: string, clock: Clock) => Promise<MovableStore>,
  openToMove: (place: string, clock: Clock) => Promise<MovableStore>,
  makePlace: () => string | Promise<string>,
): void {
  describe(`${name}, as a store whose events can be moved`, () => {
    let place: string;
    let store: MovableStore;
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
    const leaseIds = async () => {
      await store.due();
      return (await store.lease('p', 100, 100)).map(({ event: { id } }) => id);
    };

    it('gives all it knows to another store, bit by bit, as it was: order, calls, attempts and times', async () => {
      const call = { path: '/messages', answer: { message_id: 'm' } };
      await add(...['late', 'done', 'refused', 'back', 'begun', 'failed'].map((id) => event(id, id)));
      await leaseIds();
      await clock.pass(SECOND);
      await store.finish('done', true);
      await store.setAside('refused', 'blocked', true);
      await store.setAside('back', 'blocked', true);
      await store.retry('back');
      await store.noteCall('begun', 0, call);
      await store.postpone('failed', { ...failed, delayMs: HOUR });
      await add(event('early', 'late', NOW - 1));
      await reopen();

      const all = await exported(store);
      expect(all.map(({ id, state }) => [id, state])).toEqual([
        ['done', 'done'],
        ['late', 'waiting'],
        ['refused', 'set_aside'],
        ['back', 'waiting'],
        ['begun', 'waiting'],
        ['failed', 'waiting'],
        ['early', 'waiting'],
      ]);
      expect(all).toMatchObject([
        { id: 'done', state: 'done', endedAt: NOW + SECOND },
        { ...event('late', 'late'), receivedAt: NOW, attempts: 0, uncertain: 0, calls: [] },
        { reason: 'blocked', endedAt: NOW + SECOND },
        { retriedAt: NOW + SECOND },
        { calls: [call] },
        { reason: 'no answer', attempts: 1, uncertain: 1 },
        { timestamp: NOW - 1, receivedAt: NOW + SECOND },
      ]);

      const elsewhere = await makePlace();
      const other = await open(elsewhere, clock);
      await expect(other.importAll(all.slice(0, 4))).resolves.toBe(4);
      await expect(other.importAll(all)).resolves.toBe(3);
      await other.close();
      await store.close();
      store = await open(elsewhere, clock);
      expect((await exported(store)).map(withoutPlace)).toEqual(all.map(withoutPlace));
      await expect(store.figures()).resolves.toMatchObject({ waiting: 5, setAside: 1 });
      await expect(add(...all.map(({ id }) => event(id)))).resolves.toEqual({ added: 0, known: 7 });
      await expect(add(event('new', 'late', NOW - 1))).resolves.toEqual({ added: 1, known: 0 });
      await expect(leaseIds()).resolves.toEqual(expect.arrayContaining(['early', 'back', 'begun', 'failed']));
      await expect(store.finish('early', true)).resolves.toMatchObject({ id: 'new' });
      await expect(store.finish('new', true)).resolves.toMatchObject({ id: 'late' });
      await store.close();
      const later = NOW + SECOND + 48 * HOUR;
      store = await open(elsewhere, fakeClock(later + 1));
      await expect(store.clean(later, 100)).resolves.toBe(0);
      await expect(store.clean(later + 1, 100)).resolves.toBe(3);
      await expect(add(event('done'))).resolves.toEqual({ added: 1, known: 0 });
    });

    it('gives all of very many, and takes them in', async () => {
      const ids = Array.from({ length: 2_500 }, (_, n) => `e${n}`);
      const done = ids.map((id) => ({ state: 'done', id, endedAt: NOW }) as const);
      const waiting = done.map(({ id }) => carried(`w${id}`));
      await expect(store.importAll(done)).resolves.toBe(2_500);
      await expect(store.importAll(waiting)).resolves.toBe(2_500);
      await expect(store.importAll([...waiting, ...done])).resolves.toBe(0);
      await expect(store.importAll([...waiting, carried('one'), carried('one')])).resolves.toBe(1);
      const all = (await exported(store)).map(({ id }) => id);
      expect(all.slice(0, 2_500).sort()).toEqual(ids.sort());
      expect(all.slice(2_500)).toEqual([...waiting.map(({ id }) => id), 'one']);
    });

    it('lets no bot start on it once it has been moved, and be moved again to the same place only', async () => {
      const elsewhere = await makePlace();
      await (await open(elsewhere, clock)).close();
      const other = await openToMove(elsewhere, clock);
      await other.markMoved('a better place');
      await other.markMoved('a better place');
      await expect(other.markMoved('a third one')).rejects.toThrow('a better place');
      await other.close();
      await (await openToMove(elsewhere, clock)).close();
      await expect(open(elsewhere, clock)).rejects.toThrow(/were moved to a better place/);
    });
  });
}
