/** A piece of work that belongs to a conversation. */
export interface Job {
  /** Jobs of one conversation run one after another; different conversations run side by side. */
  readonly conversation: string;
  /** Milliseconds since 1970; the order within a conversation. Equal times keep the order of arrival. */
  readonly timestamp: number;
  /** Must not reject: whoever makes the job decides what a failure means. */
  readonly run: () => Promise<void>;
}

export interface ConversationQueue {
  /** Takes jobs and returns at once; they start after the current turn of the event loop. */
  add(jobs: readonly Job[]): void;
  /** Resolves when nothing is waiting or running. */
  idle(): Promise<void>;
}

/** Makes a queue that lives in memory: what waits in it is gone when the process ends. */
export function createConversationQueue(): ConversationQueue {
  const waiting = new Map<string, Job[]>();
  const running = new Set<Promise<void>>();

  const work = async (conversation: string, jobs: Job[]): Promise<void> => {
    await Promise.resolve();
    for (let job = jobs.shift(); job; job = jobs.shift()) await job.run();
    waiting.delete(conversation);
  };

  const start = (conversation: string, jobs: Job[]) => {
    waiting.set(conversation, jobs);
    const worker = work(conversation, jobs).finally(() => running.delete(worker));
    running.add(worker);
  };

  return {
    add(jobs) {
      for (const job of jobs) {
        const queue = waiting.get(job.conversation);
        if (queue) insertInOrder(queue, job);
        else start(job.conversation, [job]);
      }
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

function insertInOrder(jobs: Job[], job: Job): void {
  const after = jobs.findLastIndex(({ timestamp }) => timestamp <= job.timestamp);
  jobs.splice(after + 1, 0, job);
}
