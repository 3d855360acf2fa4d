import { StoreError } from '../../../../src/queue/event-store';
import { createCells } from '../../../../src/queue/postgres/cells';
import type { Database } from '../../../../src/queue/postgres/database';

const time = { now: () => 5, observe: () => undefined };
const database = (query: (text: string) => readonly object[]) =>
  ({ query: (text: string) => Promise.resolve(query(text)) }) as unknown as Database;

describe('the cell of a gate in a database', () => {
  it('asks nothing of the database where nothing changes', async () => {
    const cells = createCells(
      database(() => {
        throw new Error('asked');
      }),
      time,
    );
    await expect(cells.of('p').change((state, now) => [state, now])).resolves.toBe(5);
  });

  it('gives up when others are faster each time', async () => {
    let asked = 0;
    const cells = createCells(
      database((text) => {
        if (!text.startsWith('insert'))
          return [{ page: 'p', version: (asked += 1), state: { epoch: asked, heardFrom: 0 } }];
        return [];
      }),
      time,
    );
    await expect(cells.of('p').change((state) => [{ ...state }, 1])).rejects.toThrow(StoreError);
    expect(asked).toBe(20);
    expect(cells.of('p').seen()).toEqual({ epoch: 20, heardFrom: 0 });
  });
});
