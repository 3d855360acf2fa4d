import type { Clock } from '../../../../src/process/clock';
import { openPostgresStore } from '../../../../src/queue/postgres/store';
import { carryingContract } from '../../../contract/carrying';
import { createDatabase } from '../../../support/database';
import { fakeClock } from '../../../support/fake-clock';

const NOW = 1_795_384_800_000;
const open = (url: string, clock: Clock, exclusive = true) =>
  openPostgresStore(url, { clock, exclusive, databaseTime: () => clock.now() });

carryingContract('PostgreSQL', open, (url, clock) => open(url, clock, false), createDatabase);

describe('moving away from a database', () => {
  it('is refused while bots work on it, and they may go on', async () => {
    const [url, clock] = [await createDatabase(), fakeClock(NOW)];
    const bot = await open(url, clock);
    const mover = await open(url, clock, false);
    await expect(mover.markMoved('a folder')).rejects.toThrow(
      'Bots are working on the database. Stop all of them first',
    );
    const another = await open(url, clock);
    await Promise.all([bot.close(), another.close()]);
    // The server sees a little later that they have hung up.
    const isTooSoon = () => mover.markMoved('a folder').then(() => false, () => true); // prettier-ignore
    while (await isTooSoon());
    await mover.close();
    await expect(open(url, clock)).rejects.toThrow(/were moved to a folder/);
  });
});

describe('texts that several bots keep', () => {
  it('are told to each of them, forgotten ones included, also what became visible late', async () => {
    const [url, clock] = [await createDatabase(), fakeClock(NOW)];
    const [one, other] = [await open(url, clock), await open(url, clock)];
    expect(await other.changedNotes()).toEqual(new Map());
    one.keepNotes(new Map([['a', 'text'], ['b', 'text']])); // prettier-ignore
    one.keepNotes(new Map([['b', undefined]]));
    const knows = async () => (await other.changedNotes()).get('b') === undefined;
    while ((await other.changedNotes()).size < 2 || !(await knows())) await new Promise(setImmediate);
    await clock.pass(14_000);
    expect(await other.changedNotes()).toEqual(new Map([['a', 'text'], ['b', undefined]])); // prettier-ignore
    await clock.pass(16_000);
    await other.changedNotes();
    expect(await other.changedNotes()).toEqual(new Map());
    const kept = [];
    for await (const note of other.keptNotes()) kept.push(note);
    expect(kept).toEqual([['a', 'text']]);
    await Promise.all([one.close(), other.close()]);
  });
});
