import { Client } from 'pg';
import { pino } from 'pino';
import type { EventStore, Lease, NewEvent } from '../../../../src/queue/event-store';
import { createGate, type Gate, type Ticket } from '../../../../src/queue/gate';
import { openDatabase, type Database } from '../../../../src/queue/postgres/database';
import { openPostgresStore } from '../../../../src/queue/postgres/store';
import { emptyDatabase } from '../../../support/database';
import { fakeClock, settle, type FakeClock } from '../../../support/fake-clock';

const NOW = 1_795_384_800_000;
const SECOND = 1_000;

const event = (id: string, conversation = id, timestamp = NOW, page = 'p'): NewEvent => ({
  ...{ id, page, conversation, timestamp },
  payload: { text: `of ${id}` },
});
const call = { path: '/messages', answer: {} };
const failed = { reason: 'no answer', failed: true, mayBeSent: false, delayMs: 0 };

const opened: EventStore[] = [];
const onlookers: Client[] = [];
afterEach(async () => {
  for (const onlooker of onlookers.splice(0)) await onlooker.end();
  for (const store of opened.splice(0)) await store.close();
});

/** Two instances on one database. The clock of each, and that of the database, are moved by hand. */
async function twoInstances() {
  const url = await emptyDatabase();
  const database = fakeClock(NOW);
  const lost: string[] = [];
  const ways: Database[] = [];
  const open = async (name: string) => {
    const clock = fakeClock(NOW + 7 * 3_600_000); // the clocks of machines do not agree
    const store = await openPostgresStore(url, {
      ...{ exclusive: true, connections: 4, clock },
      databaseTime: () => database.now(),
      openDatabase: (options) => {
        const way = openDatabase(options);
        ways.push(way);
        return way;
      },
      ...(name === 'a' && { onLost: (count: number) => lost.push(`${name} ${count}`) }),
    });
    opened.push(store);
    return { store, clock };
  };
  const [a, b] = [await open('a'), await open('b')];
  const onlooker = new Client({ connectionString: url });
  await onlooker.connect();
  onlookers.push(onlooker);
  /** Waits until everything that was asked for has been answered, however long the machine takes. */
  const quiet = async (): Promise<void> => {
    do await settle();
    while (ways.some((way) => way.busy() > 0));
  };
  return {
    ...{ a, b, database, lost, onlooker },
    /** Time passes everywhere but for those who stand still, in steps after which all that is under way has settled. */
    pass: async (ms: number, ...clocks: FakeClock[]) => {
      for (let left = ms; left > 0; left -= SECOND) {
        for (const clock of [database, ...clocks]) await clock.pass(Math.min(left, SECOND));
        await quiet();
      }
    },
  };
}

const nobodys: Ticket = { epoch: -1, isProbe: false };
const openTicket = async (gate: Gate | undefined): Promise<Ticket> => {
  const ticket = await gate?.admit();
  return typeof ticket === 'object' ? ticket : nobodys;
};

const leaseFrom = async (store: EventStore, page = 'p'): Promise<Lease[]> => {
  await store.due();
  return [...(await store.lease(page, 100, 100))];
};
const idsFrom = async (store: EventStore) => (await leaseFrom(store)).map((lease) => lease.event.id);

describe('instances that share a database', () => {
  it('lease a conversation to one of them only', async () => {
    const { a, b } = await twoInstances();
    await a.store.add(
      Array.from({ length: 40 }, (_, n) => event(`e${n}`)),
      100,
    );
    const all = (await Promise.all([idsFrom(a.store), idsFrom(b.store), idsFrom(a.store), idsFrom(b.store)])).flat();
    expect(all).toHaveLength(40);
    expect(new Set(all).size).toBe(40);
  });

  it('know an event that any of them has taken in, however they race, and in whatever order', async () => {
    const { a, b } = await twoInstances();
    const batch = Array.from({ length: 30 }, (_, n) => event(`e${n}`, `c${n % 7}`));
    for (let round = 0; round < 10; round += 1) {
      const events = batch.map((one) => ({ ...one, id: `${one.id}/${round}` }));
      const counts = await Promise.all([
        a.store.add(events, 1_000),
        b.store.add([...events].reverse(), 1_000),
        a.store.add([...events].reverse(), 1_000),
        b.store.add(events, 1_000),
      ]);
      expect(counts.reduce((sum, { added }) => sum + added, 0)).toBe(30);
    }
    await expect(a.store.figures()).resolves.toMatchObject({ waiting: 300 });
  });

  it('take over what was leased to one that is gone 20 seconds after the last news of it, and not before', async () => {
    const { a, b, pass } = await twoInstances();
    await a.store.add([event('1'), event('2', '1', NOW + 1)], 100);
    await expect(idsFrom(a.store)).resolves.toEqual(['1']);
    await pass(20 * SECOND, b.clock);
    await expect(idsFrom(b.store)).resolves.toEqual([]);
    await pass(SECOND, b.clock);
    await expect(idsFrom(b.store)).resolves.toEqual(['1']);
  });

  it('leave a conversation to one that works on it, however long that takes', async () => {
    const { a, b, pass, lost } = await twoInstances();
    await a.store.add([event('1')], 100);
    const [lease] = await leaseFrom(a.store);
    await pass(90 * SECOND, a.clock, b.clock);
    await expect(idsFrom(b.store)).resolves.toEqual([]);
    await expect(lease?.leaveBy(10 * SECOND)).resolves.toBeGreaterThan(a.clock.monotonic());
    expect(lost).toEqual([]);
  });

  it('let no call of one out that stood still, and change nothing for it: others have gone on', async () => {
    const { a, b, pass, lost } = await twoInstances();
    await a.store.add([event('1', 'c'), event('2', 'c', NOW + 1), event('3', 'd')], 100);
    const [lease] = await leaseFrom(a.store);
    await pass(21 * SECOND, b.clock);
    await expect(idsFrom(b.store)).resolves.toEqual(['1', '3']);
    await b.store.noteCall('1', 0, call);
    await a.clock.leap(21 * SECOND); // it wakes up
    await expect(lease?.leaveBy(10 * SECOND)).resolves.toBeUndefined();
    expect(lease?.signal.aborted).toBe(true);
    expect(lost).toEqual(['a 2']);
    await a.store.noteCall('1', 0, { path: '/other', answer: {} });
    await a.store.postpone('1', failed);
    await a.store.setAside('1', 'no', true);
    await a.store.release('1');
    await expect(a.store.finish('1', true)).resolves.toBeUndefined();
    await expect(b.store.get('1')).resolves.toMatchObject({ state: 'waiting', attempts: 0, calls: [call] });
    await expect(b.store.finish('1', true)).resolves.toMatchObject({ id: '2' });
  });

  it.each([
    ['notes a call', (store: EventStore) => store.noteCall('1', 0, call)],
    ['postpones', (store: EventStore) => store.postpone('1', failed)],
    ['ends', (store: EventStore) => store.finish('1', true)],
    ['sets aside', (store: EventStore) => store.setAside('1', 'no', true)],
    ['releases', (store: EventStore) => store.release('1')],
  ])('change nothing where one %s that has not noticed yet what it has lost', async (_name, change) => {
    const { a, b, pass } = await twoInstances();
    await a.store.add([event('1', 'c'), event('2', 'c', NOW + 1)], 100);
    const [lease] = await leaseFrom(a.store);
    await pass(21 * SECOND, b.clock);
    await expect(idsFrom(b.store)).resolves.toEqual(['1']);
    await change(a.store);
    const before = { state: 'waiting', attempts: 0, calls: [] };
    await expect(b.store.get('1')).resolves.toMatchObject(before);
    await expect(idsFrom(a.store)).resolves.toEqual([]);
    await expect(b.store.finish('1', true)).resolves.toMatchObject({ id: '2' });
    expect(lease).toBeDefined();
  });

  it('need not be told that they have lost something', async () => {
    const { a, b, pass } = await twoInstances();
    await b.store.add([event('1')], 100);
    const [lease] = await leaseFrom(b.store);
    await pass(21 * SECOND, a.clock);
    await expect(idsFrom(a.store)).resolves.toEqual(['1']);
    await b.clock.leap(21 * SECOND);
    await expect(lease?.leaveBy(0)).resolves.toBeUndefined();
  });

  it('give up at once, when one ends, what it has not finished', async () => {
    const { a, b } = await twoInstances();
    await a.store.add([event('1')], 100);
    await leaseFrom(a.store);
    await opened.shift()?.close();
    await expect(idsFrom(b.store)).resolves.toEqual(['1']);
  });

  it('believe no clock but that of the database: a leap of the own one is found out by asking', async () => {
    const { a } = await twoInstances();
    await a.store.add([event('1')], 100);
    const [lease] = await leaseFrom(a.store);
    a.clock.step(3_600_000);
    await expect(lease?.leaveBy(10 * SECOND)).resolves.toBe(a.clock.monotonic() + 10 * SECOND);
    expect(lease?.signal.aborted).toBe(false);
  });

  it('take nothing over because the clock of the database has been put forward', async () => {
    const { a, b, pass, database, lost } = await twoInstances();
    await a.store.add([event('1')], 100);
    const [lease] = await leaseFrom(a.store);
    const lookFor = async (seconds: number) => {
      for (let left = seconds; left > 0; left -= 1) {
        await pass(SECOND, a.clock, b.clock);
        await expect(idsFrom(b.store)).resolves.toEqual([]);
      }
    };
    await lookFor(12);
    database.step(3_600_000);
    await lookFor(30);
    await expect(lease?.leaveBy(10 * SECOND)).resolves.toBeGreaterThan(a.clock.monotonic());
    expect(lost).toEqual([]);
  });

  it('ask for what is their own before they end what is over: they may have stood still themselves', async () => {
    const { a, pass, database } = await twoInstances();
    await a.store.add([event('1')], 100);
    const [lease] = await leaseFrom(a.store);
    await pass(6 * SECOND, a.clock);
    await a.store.due();
    await database.pass(30 * SECOND);
    await a.clock.leap(30 * SECOND);
    await expect(idsFrom(a.store)).resolves.toEqual([]);
    expect(lease?.signal.aborted).toBe(false);
  });

  it('send on at once where the clock of the database has been put back', async () => {
    const { a, pass, database } = await twoInstances();
    const pace = a.store.pace('p', 40);
    const never = new AbortController().signal;
    await pace.turn(never);
    database.step(-3_600_000);
    let left = 0;
    for (let n = 0; n < 3; n += 1) void pace.turn(never).then(() => (left += 1));
    await pass(2 * SECOND, a.clock);
    expect(left).toBe(3);
  });

  it('know the time of the database, whatever their own clocks show', async () => {
    const { a } = await twoInstances();
    expect(a.store.now()).toBe(NOW);
  });

  it('let nobody into a conversation while an operator drops its event', async () => {
    const { a, onlooker } = await twoInstances();
    await a.store.add([event('1', 'c')], 100);
    await leaseFrom(a.store);
    await a.store.setAside('1', 'no', true);
    await onlooker.query('begin');
    await onlooker.query("select messenger_bot.drop_event('1', null)");
    let waiting = 0;
    const adding = a.store.add([event('2', 'c')], 100).finally(() => (waiting = Infinity));
    while (waiting === 0) {
      const { rows } = await onlooker.query<{ waiting: number }>(
        "select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      waiting ||= Number(rows[0]?.waiting);
    }
    expect(waiting).toBe(1);
    await onlooker.query('commit');
    await adding;
    await expect(idsFrom(a.store)).resolves.toEqual(['2']);
  });

  it('count together what may wait', async () => {
    const { a, b, pass } = await twoInstances();
    const some = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => event(`${prefix}${n}`));
    await a.store.add(some('a', 30), 100);
    await b.store.add(some('b', 60), 100);
    await pass(SECOND, a.clock);
    await expect(a.store.add(some('c', 11), 100)).rejects.toThrow('More than 100 events would wait.');
    await expect(a.store.add(some('d', 10), 100)).resolves.toMatchObject({ added: 10 });
  });

  it('see what an operator has put back or dropped, whoever has it', async () => {
    const { a, b } = await twoInstances();
    await a.store.add([event('1', 'c'), event('2', 'c', NOW + 1)], 100);
    await leaseFrom(a.store);
    await a.store.setAside('1', 'no', true);
    await expect(b.store.retry('1')).resolves.toBe(true);
    await expect(b.store.drop('2')).resolves.toBe(true);
    await expect(a.store.finish('2', true)).resolves.toMatchObject({ id: '1' });
  });

  it('send one probe for a gate that any of them has closed', async () => {
    const { a, b, pass } = await twoInstances();
    const gates = [a, b].map(({ store }) => createGate(store.gateCell('p'), () => 0, pino({ level: 'silent' })));
    const admit = (n: number) => gates[n]?.admit();
    await gates[0]?.close(await openTicket(gates[0]), { kind: 'hold', reason: 'token', forMs: 60_000 });
    await expect(admit(1)).resolves.toMatchObject({ isProbe: false }); // it has not looked since
    await pass(SECOND, a.clock, b.clock);
    await b.store.due();
    await expect(admit(1)).resolves.toBe(59_000);
    expect(gates[1]?.status()).toMatchObject({ kind: 'hold', reason: 'token' });
    await pass(59 * SECOND, a.clock, b.clock);
    const tickets = await Promise.all([admit(0), admit(1), admit(0), admit(1)]);
    expect(tickets.filter((ticket) => typeof ticket === 'object')).toHaveLength(1);
    const probe = tickets.find((ticket): ticket is Ticket => typeof ticket === 'object') ?? nobodys;
    const [owner, other] = tickets[0] === probe || tickets[2] === probe ? gates : [...gates].reverse();
    await expect(owner?.lets(probe)).resolves.toBe(true);
    await pass(SECOND, a.clock, b.clock);
    for (const { store } of [a, b]) await store.due();
    await expect(other?.admit()).resolves.toBe(Infinity);
    await owner?.open(probe);
    await pass(SECOND, a.clock, b.clock);
    for (const { store } of [a, b]) await store.due();
    await expect(other?.admit()).resolves.toMatchObject({ isProbe: false });
  });

  it('send another probe 30 seconds after the last news of one that is gone', async () => {
    const { a, b, pass } = await twoInstances();
    const [gateA, gateB] = [a, b].map(({ store }) =>
      createGate(store.gateCell('p'), () => 0, pino({ level: 'silent' })),
    );
    await gateA?.close(await openTicket(gateA), { kind: 'hold', reason: 'token', forMs: 1_000 });
    await pass(2 * SECOND, a.clock, b.clock);
    for (const { store } of [a, b]) await store.due();
    await expect(gateA?.admit()).resolves.toMatchObject({ isProbe: true });
    await pass(29 * SECOND, b.clock);
    await b.store.due();
    await expect(gateB?.admit()).resolves.toBe(Infinity);
    await pass(2 * SECOND, b.clock);
    await b.store.due();
    await expect(gateB?.admit()).resolves.toMatchObject({ isProbe: true });
  });

  it('send messages of one Page in turns that they share', async () => {
    const { a, b, pass, database } = await twoInstances();
    const never = new AbortController().signal;
    const left: number[] = [];
    for (const { store } of [a, b]) {
      const pace = store.pace('p', 2);
      for (let n = 0; n < 3; n += 1) void pace.turn(never).then(() => left.push(database.now() - NOW));
    }
    await pass(4 * SECOND, a.clock, b.clock);
    expect(left).toHaveLength(6);
    for (const from of left)
      expect(left.filter((at) => at >= from && at < from + SECOND).length).toBeLessThanOrEqual(3);
  });

  it('keep leases as long as there are some, and ask for nothing then', async () => {
    const { a, b, pass } = await twoInstances();
    await a.store.add([event('1'), event('2')], 100);
    await expect(idsFrom(a.store)).resolves.toEqual(['1', '2']);
    await pass(9 * SECOND, a.clock);
    await a.store.finish('1', true);
    await pass(9 * SECOND, a.clock, b.clock);
    await pass(9 * SECOND, a.clock, b.clock);
    await expect(idsFrom(b.store)).resolves.toEqual([]);
    await a.store.finish('2', true);
    await pass(9 * SECOND, a.clock);
    await expect(a.store.figures()).resolves.toMatchObject({ waiting: 0 });
  });

  it('rest three times as long as a look has taken before the next one, so that very many waiting events cost them little', async () => {
    const url = await emptyDatabase();
    const clock = fakeClock(NOW);
    let looks = 0;
    const store = await openPostgresStore(url, {
      ...{ exclusive: true, connections: 3, clock },
      openDatabase: (options) => {
        const database = openDatabase(options);
        return {
          ...database,
          query: async (text, values) => {
            const rows = await database.query<object>(text, values);
            if (text.includes('look(')) {
              looks += 1;
              await clock.pass(30);
            }
            return rows as never;
          },
        };
      },
    });
    opened.push(store);
    await store.due();
    const next = store.due();
    await clock.pass(89);
    expect(looks).toBe(1);
    await clock.pass(1);
    await next;
    expect(looks).toBe(2);
  });
});
