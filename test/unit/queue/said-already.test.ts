import type { Verdict } from '../../../src/queue/verdict';
import { done, makeQueue, people, event } from '../../support/queue-under-test';

/* Events that are refused for a reason that is not the Page's, and that is said elsewhere. */

const unlisted: Verdict = {
  kind: 'refused',
  reason: 'No token',
  cause: undefined,
  scope: 'event',
  isExpected: true,
  isSaid: true,
};

describe('what is refused without a cause of the Page', () => {
  it('is set aside without a line of its own, and closes no gate, however many there are', async () => {
    const { queue, started, state, log, on, seen, settle } = await makeQueue();
    on(() => unlisted);
    await started(people(20));
    expect(await Promise.all(people(20).map(({ id }) => state(id)))).toEqual(people(20).map(() => 'set_aside'));
    expect(log()).toBe('');
    expect(queue.status().pages).toMatchObject([{ closed: undefined }]);
    on(() => done);
    await queue.add([event('after')]);
    await settle();
    expect(seen).toContain('after');
  });
});
