import type { Database } from '../../../../src/queue/postgres/database';
import { createTakeIn } from '../../../../src/queue/postgres/take-in';
import { fakeClock } from '../../../support/fake-clock';

const event = (id: string) => ({ id, page: '1', conversation: id, timestamp: 1, payload: {} });

describe('taking events in while the database stands still', () => {
  it('is given up after 3.5 seconds, also for whoever waits behind another one', async () => {
    const clock = fakeClock(0);
    const silent = { query: () => new Promise(() => undefined) } as unknown as Database;
    const { add } = createTakeIn(silent, clock, () => null);
    const outcomes: string[] = [];
    const addings = ['1', '2'].map((id) =>
      add([event(id)], 100).catch((error: unknown) => outcomes.push((error as Error).message)),
    );
    await clock.pass(3_499);
    expect(outcomes).toEqual([]);
    await clock.pass(1);
    await Promise.all(addings);
    expect(outcomes).toEqual(Array(2).fill('The database does not take it: nothing comes back in time.'));
  });
});
