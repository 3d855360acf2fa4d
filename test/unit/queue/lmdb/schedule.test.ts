import type { StoredEvent } from '../../../../src/queue/event-store';
import type { Waiting } from '../../../../src/queue/lmdb/line';
import { Schedule } from '../../../../src/queue/lmdb/schedule';

const waiting = (sequence: number, more: Partial<Waiting> = {}): Waiting => ({
  sequence,
  timestamp: 0,
  repeated: false,
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
