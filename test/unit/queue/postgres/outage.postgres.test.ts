import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { StoreError, StoreFormatError, type NewEvent } from '../../../../src/queue/event-store';
import { openDatabase, type Database, type DatabaseOptions } from '../../../../src/queue/postgres/database';
import { migrate } from '../../../../src/queue/postgres/migrate';
import { STEPS } from '../../../../src/queue/postgres/schema';
import { openPostgresStore } from '../../../../src/queue/postgres/store';
import { openEvents } from '../../../../src/queue/open';
import { createDatabase } from '../../../support/database';
import { fakeClock, settle } from '../../../support/fake-clock';
import { freePort } from '../../../support/free-port';
import { systemClock } from '../../../../src/process/clock';

const NOW = 1_795_384_800_000;
const SECOND = 1_000;
const event = (id: string, conversation = id): NewEvent => ({
  ...{ id, page: 'p', conversation, timestamp: NOW },
  payload: {},
});

/** A store whose answers can be lost on their way, or never be asked for. */
async function makeStore(url?: string) {
  const place = url ?? (await createDatabase());
  const clock = fakeClock(NOW);
  let trouble: 'none' | 'before' | 'after' | 'late' = 'none';
  const late: ((time: number) => Promise<unknown>)[] = [];
  let real: Database | undefined;
  const lost: number[] = [];
  const store = await openPostgresStore(place, {
    ...{ exclusive: true, connections: 3, clock },
    databaseTime: () => NOW + clock.monotonic(),
    onLost: (count) => lost.push(count),
    openDatabase: (options: DatabaseOptions) => {
      const database = (real = openDatabase(options));
      const troubled =
        (query: Database['query']): Database['query'] =>
        async (text, values) => {
          if (trouble === 'late') late.push((time) => query(text, [...values.slice(0, -1), time]));
          if (trouble === 'before' || trouble === 'late') throw new StoreError('lost', 'look');
          const rows = await query<object>(text, values);
          if (trouble === 'after') throw new StoreError('lost', 'look');
          return rows as never;
        };
      const query: Database['query'] = (text, values) => database.query(text, values);
      const urgent: Database['urgent'] = (text, values) => database.urgent(text, values);
      return { ...database, query: troubled(query), urgent: troubled(urgent) };
    },
  });
  return {
    ...{ place, clock, store, lost },
    /** What it has given up arrives at last, when the database's clock shows this. */
    arrive: (time: number) => Promise.all(late.map((query) => query(time))),
    setTrouble: (next: typeof trouble) => {
      trouble = next;
    },
    rest: async () => {
      while (Number(real?.busy()) > 0) await settle();
      await settle();
    },
  };
}

describe('a store whose database is in trouble', () => {
  it('ends an event once, though the answer was lost, and goes on with the next one', async () => {
    const { store, setTrouble } = await makeStore();
    await store.add([event('1', 'c'), event('2', 'c'), event('3', 'd')], 10);
    await store.due();
    await store.lease('p', 9, 9);
    setTrouble('after');
    await expect(store.finish('1', true)).rejects.toThrow(StoreError);
    await expect(store.finish('3', false)).rejects.toThrow(StoreError);
    setTrouble('none');
    await expect(store.finish('1', true)).resolves.toMatchObject({ id: '2' });
    await expect(store.finish('3', false)).resolves.toBeUndefined();
    await store.close();
  });

  it('does not take what it leases anew for what it has ended, when the answer to that was lost', async () => {
    const { store, setTrouble } = await makeStore();
    await store.add([event('1', 'c'), event('2', 'c')], 10);
    await store.due();
    await store.lease('p', 9, 9);
    setTrouble('after');
    await expect(store.finish('1', false)).rejects.toThrow(StoreError);
    setTrouble('none');
    await store.due();
    await expect(store.lease('p', 9, 9)).resolves.toMatchObject([{ event: { id: '2' } }]);
    await expect(store.finish('1', true)).resolves.toBeUndefined();
    await expect(store.finish('2', true)).resolves.toBeUndefined();
    await expect(store.figures()).resolves.toMatchObject({ waiting: 0 });
    await store.close();
  });

  it('notes a call once, though the answer was lost', async () => {
    const { store, setTrouble } = await makeStore();
    await store.add([event('1')], 10);
    await store.due();
    await store.lease('p', 9, 9);
    setTrouble('after');
    await expect(store.noteCall('1', 0, { path: '/a', answer: {} })).rejects.toThrow(StoreError);
    setTrouble('none');
    await store.noteCall('1', 0, { path: '/a', answer: {} });
    await store.noteCall('1', 1, { path: '/b', answer: {} });
    await expect(store.get('1')).resolves.toMatchObject({ calls: [{ path: '/a' }, { path: '/b' }] });
    await store.close();
  });

  it('lets no call out once it cannot make its leases longer, and does once it can', async () => {
    const { store, setTrouble, clock, rest, lost } = await makeStore();
    await store.add([event('1')], 10);
    await store.due();
    const [lease] = await store.lease('p', 9, 9);
    setTrouble('before');
    for (let seconds = 0; seconds < 12; seconds += 1) {
      await clock.pass(SECOND);
      await rest();
    }
    await expect(lease?.leaveBy(10 * SECOND)).resolves.toBeUndefined();
    await expect(lease?.leaveBy(5 * SECOND)).resolves.toBe(15 * SECOND);
    setTrouble('none');
    await expect(lease?.leaveBy(10 * SECOND)).resolves.toBe(22 * SECOND);
    expect(lost).toEqual([]);
    await store.close();
  });

  it('takes nothing over until the others have had five seconds to find the database again', async () => {
    const one = await makeStore();
    await one.store.add([event('1')], 10);
    await one.store.due();
    await one.store.lease('p', 9, 9);
    const other = await makeStore(one.place);
    const passBoth = async (seconds: number) => {
      for (let left = seconds; left > 0; left -= 1) {
        await other.clock.pass(SECOND);
        await other.store.due().catch(() => undefined);
      }
    };
    await passBoth(4);
    await expect(other.store.lease('p', 9, 9)).resolves.toEqual([]);
    await passBoth(18);
    await expect(other.store.lease('p', 9, 9)).resolves.toHaveLength(1);
    await one.store.close();
    await other.store.close();
  });

  it('neither ends leases nor takes any by what it has asked for and nobody waits for any more', async () => {
    const { store, clock, setTrouble, arrive } = await makeStore();
    await store.add([event('1'), event('2')], 10);
    for (let seconds = 0; seconds < 7; seconds += 1) {
      await store.due();
      if (seconds === 0) await store.lease('p', 1, 0);
      await clock.pass(SECOND);
    }
    setTrouble('late');
    await expect(store.due()).rejects.toThrow(StoreError);
    await expect(store.lease('p', 1, 0)).rejects.toThrow(StoreError);
    await arrive(NOW + 60 * SECOND); // the database stood still meanwhile
    setTrouble('none');
    await store.finish('1', true);
    await expect(store.get('1')).resolves.toBeUndefined();
    await store.due();
    await expect(store.lease('p', 1, 0)).resolves.toMatchObject([{ event: { id: '2' } }]);
    await store.close();
  });

  it.each([
    ['25006', 'takes no changes', 0],
    ['28P01', 'lets nobody in', 0],
    ['57P01', 'is shut down', 0],
    ['40001', 'has others in the way', 5],
    ['55P03', 'has somebody in the way for long', 5],
  ])('is %s: what it has lasted so far counts where the database %s', async (code, _what, steadyForMs) => {
    const clock = fakeClock(NOW);
    const database = openDatabase({ url: await createDatabase(), connections: 2, clock, name: 'test' });
    await database.query('select 1', []);
    await clock.pass(5);
    await expect(database.query(`do $$ begin raise exception sqlstate '${code}'; end $$`, [])).rejects.toThrow(
      StoreError,
    );
    expect(database.steadyForMs()).toBe(steadyForMs);
    await database.close();
  });

  it('keeps notes until they can be written, the newest of each', async () => {
    const { store, setTrouble, clock, rest, place } = await makeStore();
    setTrouble('before');
    store.keepNotes(
      new Map([
        ['a', '1'],
        ['b', '1'],
      ]),
    );
    await rest();
    store.keepNotes(
      new Map([
        ['b', '2'],
        ['a', undefined],
      ]),
    );
    await rest();
    setTrouble('none');
    await clock.pass(SECOND);
    await rest();
    await store.close();
    const { store: after } = await makeStore(place);
    const kept: unknown[] = [];
    for await (const note of after.keptNotes()) kept.push(note);
    expect(kept).toEqual([['b', '2']]);
    await after.close();
  });

  it('says at its end what it could not write down', async () => {
    const { store, setTrouble, place } = await makeStore();
    await store.add([event('1')], 10);
    await store.due();
    await store.lease('p', 9, 9);
    setTrouble('before');
    await expect(store.close()).rejects.toThrow('lost');
    await store.close().catch(() => undefined); // once more does no harm
    const { store: after } = await makeStore(place);
    await expect(after.figures()).resolves.toMatchObject({ waiting: 1 });
    await after.close();
  });
});

describe('a connection that a server asks for a password', () => {
  it('is closed with the store, where there is none: nobody waits for it', async () => {
    const asking = (code: number, text: string) =>
      Buffer.concat([Buffer.from('R'), Buffer.from([0, 0, 0, text.length + 8, 0, 0, 0, code]), Buffer.from(text)]);
    const questions = [asking(10, 'SCRAM-SHA-256\0\0'), asking(11, 'r=x,s=c2FsdA==,i=4096')];
    let ended: Promise<unknown> = Promise.reject(new Error('nobody came'));
    ended.catch(() => undefined);
    const server = createServer((socket) => {
      ended = once(socket, 'close');
      socket.on('error', () => undefined).on('data', () => socket.write(questions.shift() ?? ''));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `postgres://bot@127.0.0.1:${(server.address() as AddressInfo).port}/bot`;
    await expect(openPostgresStore(url)).rejects.toThrow('it wants a password');
    await ended;
    server.close();
  });
});

describe('a store whose tables somebody dropped', () => {
  it('says so, whatever it is asked for, and what to do', async () => {
    const { place, store } = await makeStore();
    const other = openDatabase({ url: place, connections: 2, clock: systemClock, name: 'test' });
    await other.query('drop schema messenger_bot cascade', []);
    await other.close();
    for (const ask of [() => store.add([event('1')], 10), () => store.due(), () => store.get('1')]) {
      await expect(ask()).rejects.toMatchObject({
        message: expect.stringMatching(/the tables of the bot are not there any more/) as string,
        advice: expect.stringMatching(/backup.*restart the bot/) as string,
      });
    }
    await store.close();
  });
});

describe('the way to the database', () => {
  it('says what is wrong without the password, and what to do', async () => {
    const url = `postgres://bot:p4ssw0rd-of-the-bot@127.0.0.1:${await freePort()}/bot`;
    const opening = openEvents(
      { dataDir: '/nowhere', databaseUrl: url, databaseConnections: 2 },
      { onDamage: () => undefined, onMended: () => undefined, onLost: () => undefined },
    );
    const error = await opening.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'OperatorError' });
    expect(String(error)).toMatch(
      /It needs the database of DATABASE_URL\. The database cannot be used: .*nothing listens there.*Start it/,
    );
    expect(String(error)).not.toContain('p4ssw0rd');
  });

  it('tells a mistake in a statement from a database that is away', async () => {
    const database = openDatabase({ url: await createDatabase(), connections: 2, clock: systemClock, name: 'test' });
    await database.query('select 1', []);
    const steady = database.steadyForMs();
    await expect(database.query('select nothing', [])).rejects.toThrow(StoreError);
    expect(database.steadyForMs()).toBeGreaterThanOrEqual(steady);
    await expect(database.query('select pg_terminate_backend(pg_backend_pid())', [])).rejects.toThrow(StoreError);
    expect(database.steadyForMs()).toBe(0);
    await expect(database.query('select 1 as one', [])).resolves.toEqual([{ one: 1 }]);
    await database.close();
  });

  it('says what a program has found in it in that program’s words', async () => {
    const database = openDatabase({ url: await createDatabase(), connections: 2, clock: systemClock, name: 'test' });
    const found = new StoreFormatError('newer');
    await expect(database.transaction(() => Promise.reject(found))).rejects.toBe(found);
    await database.close();
  });

  it('survives that its idle connections are cut', async () => {
    const url = await createDatabase();
    const [database, other] = [1, 2].map(() => openDatabase({ url, connections: 2, clock: systemClock, name: 'test' }));
    await database?.query('select 1', []);
    await other?.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      [],
    );
    const others = 'select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
    while ((await other?.query(others, []))?.length !== 0) await settle();
    for (let turns = 0; turns < 20; turns += 1) await other?.query('select 1', []); // by then it has heard of it
    await expect(
      database?.query('select 1 as one', []).catch(() => database.query('select 1 as one', [])),
    ).resolves.toEqual([{ one: 1 }]);
    await database?.close();
    await other?.close();
  });
});

describe('the tables', () => {
  const openOn = (url: string, exclusive: boolean) => openPostgresStore(url, { exclusive, connections: 2 });

  it('are made once, however many instances start at the same moment', async () => {
    const url = await createDatabase();
    const stores = await Promise.all([1, 2, 3, 4].map(() => openOn(url, true)));
    for (const store of stores) await store.add([event('1')], 10);
    await expect(stores[0]?.figures()).resolves.toMatchObject({ waiting: 1 });
    for (const store of stores) await store.close();
  });

  it('are not made by whoever only looks', async () => {
    const url = await createDatabase();
    await expect(openOn(url, false)).rejects.toThrow('There are no events in the database of DATABASE_URL');
    await expect(openOn(url, false)).rejects.toThrow('no bot has run on it');
    await (await openOn(url, true)).close();
    await (await openPostgresStore(url)).close();
    const database = openDatabase({ url, connections: 2, clock: systemClock, name: 'test' });
    await database.query('update messenger_bot.schema_version set steps = 0.4', []);
    await database.query('update messenger_bot.schema_version set steps = $1', [STEPS.length - 1 || -1]);
    await expect(openOn(url, false)).rejects.toThrow(
      'are of an older version of this bot. Start a bot of this version',
    );
    await database.close();
  });

  it('serve old and new instances side by side while a new version is rolled out', async () => {
    const url = await createDatabase();
    const old = await openOn(url, true);
    await old.add([event('1', 'a'), event('2', 'b'), event('3', 'b')], 10);
    await old.due();
    const [lease] = await old.lease('p', 1, 0);
    const database = openDatabase({ url, connections: 2, clock: systemClock, name: 'test' });
    const next =
      'alter table messenger_bot.events add column language text; alter table messenger_bot.conversations add column mood integer';
    await Promise.all([migrate(database, [...STEPS, next]), migrate(database, [...STEPS, next])]);
    await expect(old.noteCall(String(lease?.event.id), 0, { path: '/a', answer: {} })).resolves.toBeUndefined();
    await expect(old.finish(String(lease?.event.id), true)).resolves.toBeUndefined();
    await old.due();
    await expect(old.lease('p', 1, 0)).resolves.toMatchObject([{ event: { id: '2' } }]);
    await expect(old.finish('2', true)).resolves.toMatchObject({ id: '3' });
    await old.setAside('3', 'no', true);
    await old.retry('3');
    await old.add([event('4')], 10);
    await old.close();
    const again = await openOn(url, true); // an old one that is started anew meanwhile
    await expect(again.figures()).resolves.toMatchObject({ waiting: 2 });
    await again.close();
    await database.close();
  });

  it('are refused, and left as they are, where a newer program has made them so that this one cannot read them', async () => {
    const url = await createDatabase();
    await (await openOn(url, true)).close();
    const database = openDatabase({ url, connections: 2, clock: systemClock, name: 'test' });
    await database.query('update messenger_bot.schema_version set steps = 9, readable_from = 8', []);
    for (const exclusive of [true, false]) {
      const opening = openOn(url, exclusive);
      await expect(opening).rejects.toThrow(StoreFormatError);
      await expect(opening).rejects.toThrow(/stored by a newer version of this bot \(schema 9, readable from 8 on/);
    }
    const nobody = { onDamage: () => undefined, onMended: () => undefined, onLost: () => undefined };
    const opening = openEvents({ dataDir: '/nowhere', databaseUrl: url, databaseConnections: 2 }, nobody);
    await expect(opening).rejects.toThrow(StoreFormatError);
    await database.close();
  });

  it('stay as they were when a step fails', async () => {
    const url = await createDatabase();
    const database = openDatabase({ url, connections: 2, clock: systemClock, name: 'test' });
    await expect(migrate(database, [...STEPS, 'create table twice (a int); select nonsense'])).rejects.toThrow(
      StoreError,
    );
    await expect(openOn(url, false)).rejects.toThrow('no bot has run on it');
    await migrate(database);
    await (await openOn(url, false)).close();
    await database.close();
  });
});
