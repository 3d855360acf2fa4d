import { StoreError, type NewEvent } from '../../../../src/queue/event-store';
import type { Database } from '../../../../src/queue/postgres/database';
import { createTakeIn } from '../../../../src/queue/postgres/take-in';
import { fakeClock } from '../../../support/fake-clock';

const event = (id: string): NewEvent => ({ id, page: 'p', conversation: id, timestamp: 0, payload: {} });

describe('taking events in', () => {
  it('asks the database for nothing that nobody waits for any more', async () => {
    const clock = fakeClock(0);
    const asked: ((error: Error) => void)[] = [];
    const query = () => new Promise((_resolve, reject) => asked.push(reject));
    const takeIn = createTakeIn({ query } as unknown as Database, clock, () => null);
    const adding = ['1', '2', '3'].map((id) => takeIn.add([event(id)], 10));
    const refused = Promise.all(adding.map((one) => expect(one).rejects.toThrow(StoreError)));
    await clock.pass(3_500);
    asked[0]?.(new StoreError('away', 'look'));
    await clock.pass(0);
    expect(asked).toHaveLength(1);
    await refused;
  });
});
