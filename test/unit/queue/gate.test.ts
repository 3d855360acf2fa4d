import { pino } from 'pino';
import { createGate, type Ticket } from '../../../src/queue/gate';
import { createOwnCell } from '../../../src/queue/gate-cell';
import { fakeClock } from '../../support/fake-clock';

async function makeGate() {
  const clock = fakeClock(0);
  const lines: string[] = [];
  const gate = createGate(createOwnCell(clock), () => 0, pino({}, { write: (line) => void lines.push(line) }));
  const first = (await gate.admit()) as Ticket;
  return { clock, gate, first, log: () => lines.join('') };
}

const hold = { kind: 'hold', reason: 'r', forMs: 60_000 } as const;
const pause = (forMs?: number) => ({ kind: 'pause', reason: 'r', forMs }) as const;

describe('a gate', () => {
  it('gives out one probe at a time, and lets only its calls out', async () => {
    const { gate, first, clock } = await makeGate();
    await gate.close(first, pause(1_000));
    await expect(gate.admit()).resolves.toBe(1_000);
    await expect(gate.lets(first)).resolves.toBe(false);
    await clock.pass(1_000);
    const probe = (await gate.admit()) as Ticket;
    expect(probe.isProbe).toBe(true);
    await expect(gate.admit()).resolves.toBe(Infinity);
    await expect(gate.lets(probe)).resolves.toBe(true);
    await gate.probeAgain(probe);
    await expect(gate.admit()).resolves.toMatchObject({ isProbe: true });
  });

  it('is opened by the probe of the present closing only', async () => {
    const { gate, first, clock } = await makeGate();
    await gate.close(first, pause(1_000));
    await gate.open(first);
    await clock.pass(1_000);
    const probe = (await gate.admit()) as Ticket;
    await gate.close(probe, pause(1_000));
    await gate.open(probe);
    await expect(gate.lets(first)).resolves.toBe(false);
    await clock.pass(1_000);
    await gate.open((await gate.admit()) as Ticket);
    await expect(gate.lets(first)).resolves.toBe(true);
  });

  it('holds when what began before a pause shows that the token is invalid', async () => {
    const { gate, first, log } = await makeGate();
    await gate.close(first, pause(1_000));
    await gate.close(first, hold);
    await expect(gate.admit()).resolves.toBe(60_000);
    expect(log()).toMatch(/sending pauses[^]*all sending holds/);
  });

  it('stays closed as long as the longest time that is named, and no longer for what names none', async () => {
    const { gate, first } = await makeGate();
    await gate.close(first, pause(1_000));
    await gate.close(first, pause(5_000));
    await gate.close(first, pause(2_000));
    await gate.close(first, pause());
    await expect(gate.admit()).resolves.toBe(5_000);
  });

  it('asks for no probe while it is open', async () => {
    expect((await makeGate()).first.isProbe).toBe(false);
  });

  it('is not disturbed by those who are not its probe', async () => {
    const { gate, first, clock } = await makeGate();
    await gate.close(first, pause(1_000));
    await clock.pass(1_000);
    const probe = (await gate.admit()) as Ticket;
    await gate.probeAgain(first);
    await expect(gate.admit()).resolves.toBe(Infinity);
    await gate.open(probe);
    await gate.probeAgain(probe);
    await expect(gate.lets(first)).resolves.toBe(true);
  });

  it('is not closed once more by what began before a hold', async () => {
    const { gate, first, clock, log } = await makeGate();
    await gate.close(first, { ...hold, forMs: 10_000 });
    await clock.pass(10_000);
    const probe = (await gate.admit()) as Ticket;
    await gate.close(first, { ...hold, forMs: undefined });
    expect(log().match(/all sending holds/g)).toHaveLength(1);
    await gate.open(probe);
    await expect(gate.lets(first)).resolves.toBe(true);
  });

  it.each([
    ['pause', 'sending pauses'],
    ['hold', 'all sending holds'],
  ] as const)(
    'stays a %s when its probe fails for another reason, with backoff, and names that',
    async (kind, what) => {
      const { gate, first, clock, log } = await makeGate();
      await gate.close(first, { kind, reason: 'the first', forMs: undefined });
      for (const seconds of [1, 2, 4]) {
        await expect(gate.admit()).resolves.toBe(seconds * 1_000);
        await clock.pass(seconds * 1_000);
        await gate.keepClosed((await gate.admit()) as Ticket, 'another');
      }
      expect(log().split(what)).toHaveLength(5);
      expect(log().match(/"reason":"another"/g)).toHaveLength(3);
    },
  );

  it('remembers how often it was closed when a probe has shown nothing', async () => {
    const { gate, first, clock } = await makeGate();
    await gate.close(first, pause());
    await clock.pass(1_000);
    await gate.probeAgain((await gate.admit()) as Ticket);
    await gate.close((await gate.admit()) as Ticket, pause());
    await expect(gate.admit()).resolves.toBe(2_000);
  });

  it('pauses for 1 s, doubling up to 5 min, where no time is named', async () => {
    const { gate, first, clock } = await makeGate();
    let ticket = first;
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
      await gate.close(ticket, pause());
      await expect(gate.admit()).resolves.toBe(seconds * 1_000);
      await clock.pass(seconds * 1_000);
      ticket = (await gate.admit()) as Ticket;
    }
  });

  it.each([
    ['a hold is an error', () => ({ kind: 'hold', reason: 'r', forMs: 1_000 }) as const, 50],
    ['a pause, which ends by itself, is a warning', () => pause(1_000), 40],
  ])('says when it closes (%s), a warning when it stays closed, and when it opens', async (_what, closing, level) => {
    const { gate, first, clock, log } = await makeGate();
    const levels = () => [...log().matchAll(/"level":(\d+)/g)].map(([, level]) => Number(level));
    await gate.close(first, closing());
    for (const expected of [[level], [level, 40]]) {
      expect(levels()).toEqual(expected);
      await clock.pass(1_000);
      const probe = (await gate.admit()) as Ticket;
      if (expected.length === 1) await gate.close(probe, closing());
      else await gate.open(probe);
    }
    expect(levels()).toEqual([level, 40, 30]);
    expect(log()).toContain('sending goes on');
  });

  it('tries a suspected hold after 1 s, doubling up to a minute', async () => {
    const { gate, first, clock } = await makeGate();
    let ticket = first;
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      await gate.close(ticket, { ...hold, forMs: undefined });
      await expect(gate.admit()).resolves.toBe(seconds * 1_000);
      await clock.pass(seconds * 1_000);
      ticket = (await gate.admit()) as Ticket;
    }
  });

  it('tells why and for how long it has been closed, and when the next probe may leave', async () => {
    const { gate, first, clock } = await makeGate();
    expect(gate.status()).toBeUndefined();
    await gate.close(first, pause(1_000));
    await clock.pass(400);
    expect(gate.status()).toEqual({ kind: 'pause', reason: 'r', sinceMs: 400, nextTryInMs: 600 });
    await clock.pass(1_600);
    const probe = (await gate.admit()) as Ticket;
    await gate.close(probe, { kind: 'hold', reason: 'still', forMs: 60_000 });
    expect(gate.status()).toEqual({
      kind: 'hold',
      reason: 'still',
      sinceMs: 0,
      nextTryInMs: 60_000,
    });
    await clock.pass(90_000);
    expect(gate.status()).toMatchObject({ sinceMs: 90_000, nextTryInMs: 0 });
    await gate.open((await gate.admit()) as Ticket);
    expect(gate.status()).toBeUndefined();
  });

  it('lets a probe leave at once where the cause of a hold may have been mended, and does not hear what began before', async () => {
    const { gate, first, clock } = await makeGate();
    await gate.close(first, hold);
    await clock.pass(60_000);
    const before = (await gate.admit()) as Ticket;
    await gate.tryNow();
    const probe = (await gate.admit()) as Ticket;
    expect(probe.isProbe).toBe(true);
    await gate.close(before, hold);
    await gate.close(first, hold);
    await gate.open(before);
    await expect(gate.lets(probe)).resolves.toBe(true);
    await gate.open(probe);
    await gate.close(first, hold);
    expect(gate.status()).toBeUndefined();
  });

  it('does not hear what began before where nothing was held either', async () => {
    const { gate, first } = await makeGate();
    await gate.tryNow();
    await gate.close(first, hold);
    await expect(gate.lets(first)).resolves.toBe(true);
    await gate.close((await gate.admit()) as Ticket, hold);
    await expect(gate.lets(first)).resolves.toBe(false);
  });

  it('goes on with a pause: the platform has asked for it', async () => {
    const { gate, first } = await makeGate();
    await gate.close(first, pause(1_000));
    await gate.tryNow();
    await expect(gate.admit()).resolves.toBe(1_000);
    await gate.close(first, pause(3_000));
    await expect(gate.admit()).resolves.toBe(3_000);
  });

  it('sends another probe when nobody has heard of the last one, and listens to that one only', async () => {
    const clock = fakeClock(0);
    const cell = { ...createOwnCell(clock), probeLimitMs: 30_000 };
    const gate = createGate(cell, () => 0, pino({ level: 'silent' }));
    await gate.close((await gate.admit()) as Ticket, hold);
    await clock.pass(60_000);
    const lost = (await gate.admit()) as Ticket;
    await clock.pass(20_000);
    await expect(gate.lets(lost)).resolves.toBe(true); // somebody has heard of it: 30 s from now on
    await clock.pass(29_999);
    await expect(gate.admit()).resolves.toBe(Infinity);
    await clock.pass(1);
    const next = (await gate.admit()) as Ticket;
    await expect(gate.lets(lost)).resolves.toBe(false);
    await gate.open(lost);
    await gate.keepClosed(lost, 'r');
    expect(gate.status()).toMatchObject({ kind: 'hold' });
    await expect(gate.lets(next)).resolves.toBe(true);
    await gate.open(next);
    await expect(gate.lets(lost)).resolves.toBe(true);
  });

  it('is told by its cell what others have done meanwhile', async () => {
    const clock = fakeClock(0);
    const cell = createOwnCell(clock);
    const [mine, theirs] = [cell, { ...cell }].map((one) => createGate(one, () => 0, pino({ level: 'silent' })));
    const late = {
      ...cell,
      seen: () => ({ epoch: 1, heardFrom: 0, closed: { ...pause(), failures: 1, since: 0, probeFrom: 0 } }),
    };
    const ofTheLate = createGate(late, () => 0, pino({ level: 'silent' }));
    await expect(ofTheLate.admit()).resolves.toEqual({ epoch: 0, isProbe: false }); // it has opened since
    await expect(ofTheLate.lets({ epoch: 1, isProbe: true })).resolves.toBe(true);
    await mine?.close({ epoch: 0, isProbe: false }, pause(1_000));
    await expect(theirs?.admit()).resolves.toBe(1_000);
    await expect(ofTheLate.admit()).resolves.toBe(1_000);
  });

  it('says whose it is', async () => {
    const clock = fakeClock(0);
    const lines: string[] = [];
    const log = pino({}, { write: (line) => void lines.push(line) });
    const gate = createGate(
      createOwnCell(clock),
      () => 0,
      log,
      () => ({ page: 'Shop' }),
    );
    await gate.close((await gate.admit()) as Ticket, pause(1_000));
    await clock.pass(1_000);
    await gate.open((await gate.admit()) as Ticket);
    expect(lines.map((line) => (JSON.parse(line) as { page: string }).page)).toEqual(['Shop', 'Shop']);
  });
});
