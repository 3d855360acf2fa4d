import { createConversationQueue } from '../../../src/queue/conversation-queue';

/** A job that begins when it is run and ends when it is told to. */
function job(conversation: string, timestamp: number, trail: string[]) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const name = `${conversation}${timestamp}`;
  const run = async () => {
    trail.push(`begin ${name}`);
    await ended;
    trail.push(`end ${name}`);
  };
  return {
    conversation,
    timestamp,
    run,
    end: () => {
      end();
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the queue of conversations', () => {
  it('runs the jobs of one conversation one after another, by timestamp', async () => {
    const trail: string[] = [];
    const queue = createConversationQueue();
    const jobs = [job('a', 3, trail), job('a', 1, trail), job('a', 2, trail)];
    queue.add(jobs);
    jobs.forEach((one) => {
      one.end();
    });
    await queue.idle();
    expect(trail).toEqual(['begin a1', 'end a1', 'begin a2', 'end a2', 'begin a3', 'end a3']);
  });

  it('sorts a late job in among those that still wait, but does not interrupt', async () => {
    const trail: string[] = [];
    const queue = createConversationQueue();
    const [first, last, late] = [job('a', 5, trail), job('a', 9, trail), job('a', 1, trail)];
    queue.add([first, last]);
    await turn();
    queue.add([late]);
    [first, last, late].forEach((one) => {
      one.end();
    });
    await queue.idle();
    expect(trail.filter((step) => step.startsWith('begin'))).toEqual(['begin a5', 'begin a1', 'begin a9']);
  });

  it('keeps the order of arrival for equal timestamps', async () => {
    const order: string[] = [];
    const queue = createConversationQueue();
    queue.add(
      ['x', 'y', 'z'].map((name) => ({
        conversation: 'a',
        timestamp: 1,
        run: () => Promise.resolve(void order.push(name)),
      })),
    );
    await queue.idle();
    expect(order).toEqual(['x', 'y', 'z']);
  });

  it('runs conversations side by side', async () => {
    const trail: string[] = [];
    const queue = createConversationQueue();
    const [a, b] = [job('a', 1, trail), job('b', 1, trail)];
    queue.add([a, b]);
    await turn();
    expect(trail).toEqual(['begin a1', 'begin b1']);
    b.end();
    await turn();
    expect(trail).toEqual(['begin a1', 'begin b1', 'end b1']);
    a.end();
    await queue.idle();
    expect(trail).toContain('end a1');
  });

  it('does not start before the caller is through', () => {
    const trail: string[] = [];
    createConversationQueue().add([job('a', 1, trail)]);
    expect(trail).toEqual([]);
  });
});
