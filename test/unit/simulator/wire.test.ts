import { Wire } from '../../../src/simulator/wire';

const exchange = {
  at: 1,
  direction: 'graph',
  title: 'messages',
  method: 'POST',
  path: '/me/messages',
  psid: '1',
  owner: undefined,
  request: {},
} as const;

describe('the wire', () => {
  it('holds each exchange under a number of its own, first without an answer, then with it', () => {
    const wire = new Wire();
    const [first, second] = [wire.add(exchange), wire.add(exchange)];
    expect(first).toEqual({ ...exchange, id: 1, status: undefined, ms: undefined, response: undefined });
    const answer = { status: 200, ms: 3, owner: '7', response: 'OK' };
    wire.finish(first, answer);
    expect(wire.entries).toEqual([{ ...exchange, ...answer, id: 1 }, second]);
    expect([wire.find(2), wire.find(3)]).toEqual([second, undefined]);
  });

  it('keeps the last 2,000, and counts them all, also when it has been cleared', () => {
    const wire = new Wire();
    for (let count = 0; count < 2_001; count += 1) wire.add(exchange);
    expect([wire.entries.length, wire.entries[0]?.id, wire.entries.at(-1)?.id, wire.total]).toEqual([
      2_000, 2, 2_001, 2_001,
    ]);
    wire.clear();
    expect([wire.entries.length, wire.total, wire.add(exchange).id]).toEqual([0, 2_001, 2_002]);
  });

  it('says whenever it has changed', () => {
    const wire = new Wire();
    let changes = 0;
    wire.on('change', () => (changes += 1));
    const entry = wire.add(exchange);
    wire.finish(entry, { status: 200, ms: 3, owner: undefined, response: 'OK' });
    wire.clear();
    expect(changes).toBe(3);
  });
});
