import type { StoredEvent } from '../../../../src/queue/event-store';
import { nextOf, type Waiting } from '../../../../src/queue/lmdb/line';
import { Schedule } from '../../../../src/queue/lmdb/schedule';

const waiting = (sequence: number, more: Partial<Waiting> = {}): Waiting => ({
  sequence,
  timestamp: 0,
  repeated: false,
  putBack: false,
  begun: false,
  event: undefined,
  next: undefined,
  ...more,
});

describe('the schedule', () => {
  it('keeps at most 1,000 events at hand', () => {
    const schedule = new Schedule();
    const all = Array.from({ length: 1_500 }, (_, n) => waiting(n, { event: {} as StoredEvent }));
    all.forEach((one, n) => {
      schedule.add('p', `c${n}`, one, 0);
    });
    expect(all.filter(({ event }) => event !== undefined)).toHaveLength(1_000);
    expect(schedule.waiting).toBe(1_500);
  });

  it('keeps later ones at hand in the place of those that were let go or taken out', () => {
    const schedule = new Schedule();
    const add = (count: number, more: Partial<Waiting>) => {
      const all = Array.from({ length: count }, (_, n) => waiting(n, more));
      all.forEach((one) => {
        schedule.add('p', 'a', one, 0);
      });
      return all;
    };
    for (const one of add(10, {})) schedule.letGo(one); // counts for nothing
    const early = add(1_000, { event: {} as StoredEvent });
    for (const one of early.slice(0, 200)) schedule.letGo(one);
    schedule.remove('a', 999);
    expect(add(300, { event: {} as StoredEvent }).filter(({ event }) => event !== undefined)).toHaveLength(201);
  });

  it('knows which events wait', () => {
    const schedule = new Schedule();
    schedule.add('p', 'a', waiting(1), 0);
    schedule.add('p', 'a', waiting(2), 0);
    const found = [schedule.has('a', 1), schedule.has('a', 2), schedule.has('a', 3), schedule.has('b', 1)];
    expect(found).toEqual([true, true, false, false]);
  });

  it('hurries a conversation that waits, and leaves one that is due in its place', () => {
    const schedule = new Schedule();
    for (const name of ['a', 'b', 'c']) schedule.add('p', name, waiting(1), 0);
    const c = [1, 2, 3].map(() => schedule.take('p', 'first', 0)).at(-1);
    for (const name of ['d', 'e']) schedule.add('p', name, waiting(1), 0);
    if (c) schedule.giveBack(c, 60_000);
    for (const name of ['d', 'c', 'nobody']) schedule.hurry(name, 5);
    const taken = [1, 2, 3, 4].map(() => schedule.take('p', 'first', 5)?.name);
    expect(taken).toEqual(['d', 'e', 'c', undefined]);
    expect(schedule.take('p', 'first', 60_000)).toBeUndefined(); // not where it stood before, either
  });

  it('orders events by when they happened, and equal ones as they came', () => {
    const schedule = new Schedule();
    for (const [sequence, timestamp] of [
      [9, 1],
      [5, 2],
      [4, 2],
      [1, 3],
      [6, 2],
    ] as const)
      schedule.add('p', 'a', waiting(sequence, { timestamp }), 0);
    const order: number[] = [];
    const conversation = schedule.take('p', 'first', 0);
    for (let next = conversation && nextOf(conversation); next; next = conversation && nextOf(conversation)) {
      order.push(next.sequence);
      schedule.remove('a', next.sequence);
    }
    expect(order).toEqual([9, 4, 5, 6, 1]);
  });

  it('takes conversations that are due at the same time in the order they came', () => {
    const schedule = new Schedule();
    const names = Array.from({ length: 20 }, (_, n) => `c${n}`);
    names.forEach((name, n) => {
      schedule.add('p', name, waiting(n), 0);
    });
    expect(names.map(() => schedule.take('p', 'first', 0)?.name)).toEqual(names);
  });

  it('tells how soon the next one is due', () => {
    const schedule = new Schedule();
    schedule.add('p', 'a', waiting(1), 1_000);
    expect(schedule.due(400)).toEqual([{ page: 'p', first: 600, repeated: undefined }]);
    expect(schedule.due(1_500)).toEqual([{ page: 'p', first: 0, repeated: undefined }]);
  });

  it.each<[string, (schedule: Schedule) => void]>([
    [
      'before it was leased',
      (schedule) => {
        schedule.remove('a', 1);
      },
    ],
    [
      'after it was given back',
      (schedule) => {
        const leased = schedule.take('p', 'first', 0);
        if (leased) schedule.giveBack(leased, 0);
        schedule.remove('a', 1);
      },
    ],
    [
      'while it was leased',
      (schedule) => {
        const leased = schedule.take('p', 'first', 0);
        schedule.remove('a', 1);
        if (leased) schedule.giveBack(leased, 0);
      },
    ],
  ])('gives a conversation its turn again that has lost its last event %s', (_when, lose) => {
    const schedule = new Schedule();
    schedule.add('p', 'a', waiting(1), 0);
    lose(schedule);
    expect(schedule.due(0)).toEqual([]);
    schedule.add('p', 'a', waiting(2), 0);
    expect(schedule.take('p', 'first', 0)?.first).toMatchObject({ sequence: 2, next: undefined });
  });

  it('passes over conversations that have lost their events, and forgets Pages without any', () => {
    const schedule = new Schedule();
    schedule.add('p', 'a', waiting(1), 0);
    schedule.add('p', 'b', waiting(2), 0);
    schedule.remove('a', 1);
    schedule.remove('a', 1);
    schedule.remove('b', 7);
    expect(schedule.take('p', 'first', 0)?.name).toBe('b');
    expect(schedule.take('q', 'first', 0)).toBeUndefined();
    expect(schedule.due(0)).toEqual([]);
  });

  it('keeps a leased conversation one, though its event is taken out meanwhile', () => {
    const schedule = new Schedule();
    schedule.add('p', 'a', waiting(1), 0);
    const leased = schedule.take('p', 'first', 0);
    schedule.remove('a', 1);
    schedule.add('p', 'a', waiting(2), 0);
    expect(schedule.take('p', 'first', 0)).toBeUndefined();
    if (leased) schedule.giveBack(leased, 0);
    expect(schedule.take('p', 'first', 0)).toBe(leased);
  });
});
