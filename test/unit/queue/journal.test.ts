import { createJournal } from '../../../src/queue/journal';
import type { StoredEvent } from '../../../src/queue/event-store';
import { HeldBackError } from '../../../src/queue/verdict';

const made = { path: '/a', answer: {} };
const event = { calls: [made] } as unknown as StoredEvent;
const never = new AbortController().signal;

describe('the journal of an attempt', () => {
  const journalWith = (save: (index: number) => Promise<void>, signals: readonly AbortSignal[] = [never]) =>
    createJournal(event, {
      signals,
      turn: () => Promise.resolve(),
      lets: () => Promise.resolve(true),
      leaveBy: () => Promise.resolve(Infinity),
      succeeded: () => undefined,
      save,
    });

  it('counts on from the calls of earlier attempts, and saves each once', async () => {
    const saved: number[] = [];
    const journal = journalWith((index) => Promise.resolve(void saved.push(index)));
    await journal.note(made);
    await journal.permit(false);
    await journal.note(made);
    await journal.saved();
    await journal.saved();
    expect(saved).toEqual([1, 2]);
    expect(journal.successes()).toBe(2);
  });

  it('saves a call soon when nothing follows, and not once its event is through', async () => {
    const saved: number[] = [];
    const journal = journalWith((index) => Promise.resolve(void saved.push(index)));
    await journal.note(made);
    await new Promise((resolve) => setImmediate(resolve));
    expect(saved).toEqual([1]);
    await journal.note(made);
    await journal.forget();
    await new Promise((resolve) => setImmediate(resolve));
    expect(saved).toEqual([1]);
  });

  it('is at rest once its event is through, also where a note fails that was being saved', async () => {
    let fail = (_error: Error): void => undefined;
    const journal = journalWith(() => new Promise<void>((_resolve, reject) => (fail = reject)));
    await journal.note(made);
    await new Promise((resolve) => setImmediate(resolve));
    let isAtRest = false;
    const rest = journal.forget().then(() => (isAtRest = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isAtRest).toBe(false);
    fail(new Error('disk full'));
    await expect(rest).resolves.toBe(true);
  });

  it('lets messages wait for their turn, and nothing else', async () => {
    const turn = jest.fn(() => Promise.resolve());
    const journal = createJournal(event, {
      signals: [never],
      turn,
      lets: () => Promise.resolve(true),
      leaveBy: () => Promise.resolve(Infinity),
      succeeded: () => undefined,
      save: () => Promise.resolve(),
    });
    await journal.permit(false);
    expect(turn).not.toHaveBeenCalled();
    await journal.permit(true);
    expect(turn).toHaveBeenCalledTimes(1);
  });

  it('lets nothing out after a call that could not be noted', async () => {
    const journal = journalWith(() => Promise.reject(new Error('disk full')));
    await journal.note(made);
    await new Promise((resolve) => setImmediate(resolve));
    await expect(journal.permit(true)).rejects.toThrow('disk full');
  });

  it('lets nothing out once a signal says so', async () => {
    const journal = journalWith(() => Promise.resolve(), [never, AbortSignal.abort()]);
    await expect(journal.permit(false)).rejects.toThrow('held back');
  });

  it('lets no call out that somebody else could make, too, before it is through', async () => {
    const options = {
      signals: [never],
      turn: () => Promise.resolve(),
      lets: () => Promise.resolve(true),
      succeeded: () => undefined,
      save: () => Promise.resolve(),
    };
    const lost = createJournal(event, { ...options, leaveBy: () => Promise.resolve(undefined) });
    await expect(lost.permit(true)).rejects.toThrow(HeldBackError);
    const held = createJournal(event, { ...options, leaveBy: () => Promise.resolve(77) });
    await expect(held.permit(false)).resolves.toBe(77);
  });
});
