import { createLeases } from '../../../../src/queue/postgres/leases';
import type { Database } from '../../../../src/queue/postgres/database';
import type { EventRow } from '../../../../src/queue/postgres/row';
import { fakeClock } from '../../../support/fake-clock';

const row = (id: string): EventRow => ({
  ...{ id, seq: 1, page: 'p', conversation: 'c', happened_at: 0, received_at: 0, payload: '{}', state: 'waiting' },
  ...{ attempts: 0, uncertain: 0, calls: '[]', reason: null, ended_at: null, retried_at: null },
});

/** Leases whose renewal is answered by hand. */
function makeLeases() {
  const clock = fakeClock(0);
  const answers: { readonly resolve: (rows: readonly object[]) => void; readonly reject: (error: Error) => void }[] =
    [];
  let held = Promise.resolve();
  const database = {
    query: (text: string) => {
      if (text.includes('lease_conversations')) return Promise.resolve([{ lease: '7', event: row('1') }]);
      const rows = text.includes('end_event') ? [{ held: true, event: null }] : [];
      return held.then(() => rows);
    },
    urgent: () => new Promise<readonly object[]>((resolve, reject) => answers.push({ resolve, reject })),
  } as unknown as Database;
  const lost: number[] = [];
  const leases = createLeases({
    ...{ database, clock, time: clock, given: () => null },
    onLost: (count) => lost.push(count),
  });
  return {
    ...{ clock, leases, answers, lost },
    /** From now on the ends of leases are answered only when what it returns is called. */
    holdAnswers: () => {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => {
        release();
      };
    },
  };
}

describe('leases that are being made longer', () => {
  it('are not lost where they have ended meanwhile', async () => {
    const { clock, leases, answers, lost } = makeLeases();
    const [lease] = await leases.lease('p', 1, 0);
    await clock.pass(5_000);
    await leases.finish('1', true);
    answers[0]?.resolve([]);
    await clock.pass(0);
    expect(lost).toEqual([]);
    expect(lease?.signal.aborted).toBe(false);
    await clock.pass(60_000);
    expect(answers).toHaveLength(1); // there is none left
  });

  it.each([
    ['ends', (leases: ReturnType<typeof makeLeases>['leases']) => leases.finish('1', true)],
    [
      'is postponed',
      (leases: ReturnType<typeof makeLeases>['leases']) =>
        leases.postpone('1', { delayMs: 0, reason: '', failed: true, mayBeSent: false }),
    ],
  ])('are not lost where one %s in the database, and nobody has heard of it yet', async (_what, end) => {
    const { clock, leases, answers, lost, holdAnswers } = makeLeases();
    const [lease] = await leases.lease('p', 1, 0);
    await clock.pass(5_000);
    const answerEnd = holdAnswers();
    const ended = end(leases);
    answers[0]?.resolve([]);
    await clock.pass(0);
    answerEnd();
    await ended;
    expect(lost).toEqual([]);
    expect(lease?.signal.aborted).toBe(false);
  });

  it('are waited for only where that is overdue: this process stood still', async () => {
    const { clock, leases, answers } = makeLeases();
    await leases.catchUp();
    await leases.lease('p', 1, 0);
    await clock.pass(10_000);
    await leases.catchUp();
    await clock.pass(1);
    let isCaughtUp = false;
    const catchingUp = leases.catchUp().then(() => (isCaughtUp = true));
    await clock.pass(0);
    expect(isCaughtUp).toBe(false);
    answers[0]?.resolve([{ renewed: '7' }]);
    await catchingUp;
    expect(answers).toHaveLength(1);
    await leases.finish('1', true);
  });

  it.each([
    [
      'has been made longer',
      (answer: ReturnType<typeof makeLeases>['answers'][number]) => {
        answer.resolve([{ renewed: '7' }]);
      },
    ],
    [
      'could not be made longer',
      (answer: ReturnType<typeof makeLeases>['answers'][number]) => {
        answer.reject(new Error('away'));
      },
    ],
  ])('are left alone once the store is closed, also one that %s just then', async (_what, answered) => {
    const { clock, leases, answers } = makeLeases();
    await leases.lease('p', 1, 0);
    await clock.pass(5_000);
    const closing = leases.close();
    answers.forEach(answered);
    await closing;
    await clock.pass(60_000);
    expect(answers).toHaveLength(1);
  });
});
