import { pino } from 'pino';
import { createReadiness } from '../../../src/operations/readiness';
import { StoreError } from '../../../src/queue/event-store';
import { fakeClock } from '../../support/fake-clock';

function readiness(mostWaiting = 10) {
  const clock = fakeClock(0);
  const storage = {
    waiting: 0,
    putBack: 0,
    probes: 0,
    answer: () => Promise.resolve(),
    figures: () => Promise.resolve(),
  };
  const lines: string[] = [];
  const log = pino({ formatters: { level: (level) => ({ level }) } }, { write: (line) => void lines.push(line) });
  const it = createReadiness(clock, mostWaiting, log);
  const begin = () => {
    it.begin({
      advice: 'Look at the disk.',
      probe: () => {
        storage.probes += 1;
        return storage.answer();
      },
      figures: () => storage.figures().then(() => ({ ...storage, oldestSince: undefined, setAside: 0 })),
    });
  };
  const what = async () => (await it.reasons()).map((reason) => reason.what);
  const said = () =>
    lines.map((line) => JSON.parse(line) as { level: string; msg: string }).map(({ level, msg }) => `${level}: ${msg}`);
  return { clock, storage, readiness: it, begin, what, said };
}

describe('readiness', () => {
  it('says that the bot is starting, and that it is stopping', async () => {
    const { readiness: it, begin, what } = readiness();
    await expect(what()).resolves.toEqual(['starting']);
    begin();
    await expect(what()).resolves.toEqual([]);
    it.end();
    await expect(what()).resolves.toEqual(['stopping']);
  });

  it('tries whether events could be stored, at most every ten seconds while they could', async () => {
    const { clock, storage, begin, what } = readiness();
    begin();
    await Promise.all([what(), what()]);
    await clock.pass(9_999);
    await what();
    expect(storage.probes).toBe(1);
    await clock.pass(1);
    await what();
    expect(storage.probes).toBe(2);
  });

  it('says why events cannot be stored, what to do, and within a second that they can again', async () => {
    const { clock, storage, readiness: it, begin, what } = readiness();
    begin();
    storage.answer = () => Promise.reject(new Error('Nothing can be stored: no space left.'));
    await expect(it.reasons()).resolves.toEqual([
      {
        what: 'storage_failing',
        detail: 'Nothing can be stored: no space left. Check the disk of DATA_DIR: free space, rights, the mount.',
      },
    ]);
    storage.answer = () => Promise.resolve();
    await clock.pass(999);
    await expect(what()).resolves.toEqual(['storage_failing']);
    await clock.pass(1);
    await expect(what()).resolves.toEqual([]);
  });

  it('believes what real events have shown without trying', async () => {
    const { clock, storage, readiness: it, begin, what } = readiness();
    begin();
    it.noteStored();
    await expect(what()).resolves.toEqual([]);
    await clock.pass(5_000);
    it.noteStored('odd');
    await expect(it.reasons()).resolves.toMatchObject([{ detail: expect.stringMatching(/^odd\. Check/) as string }]);
    expect(storage.probes).toBe(0);
  });

  it('is said in the log when it changes, and not each time somebody asks', async () => {
    const { clock, storage, readiness: it, begin, what, said } = readiness();
    begin();
    await what();
    it.noteStored(new StoreError('no space left'));
    it.noteStored(new StoreError('no space left'));
    storage.answer = () => Promise.reject(new StoreError('no space left'));
    await clock.pass(1_000);
    await what();
    expect(said()).toEqual(['error: events cannot be stored; the platform keeps them']);
    it.noteStored();
    it.noteStored();
    expect(said().slice(1)).toEqual(['info: events can be stored again']);
  });

  it('does not wait longer than the platform would', async () => {
    const { clock, storage, begin, what } = readiness();
    begin();
    storage.answer = () => new Promise(() => undefined);
    const asked = what();
    await clock.pass(4_000);
    await expect(asked).resolves.toEqual(['storage_failing']);
  });

  it('says that the queue is full, those not counted that an operator has put back', async () => {
    const { storage, readiness: it, begin, what } = readiness(10);
    begin();
    Object.assign(storage, { waiting: 12, putBack: 3 });
    await expect(what()).resolves.toEqual([]);
    storage.putBack = 2;
    await expect(it.reasons()).resolves.toMatchObject([
      { what: 'queue_full', detail: expect.stringMatching(/^12 events wait/) as string },
    ]);
  });

  it('says what cannot be stored, and not that it cannot be counted either', async () => {
    const { storage, begin, readiness: it } = readiness();
    begin();
    storage.answer = storage.figures = () => Promise.reject(new StoreError('no connection', 'Look at the database.'));
    await expect(it.reasons()).resolves.toEqual([
      { what: 'storage_failing', detail: 'no connection. Look at the database.' },
    ]);
  });
});
