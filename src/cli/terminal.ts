import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import { setTimeout as pass } from 'node:timers/promises';
import { checkReadable } from '../queue/lmdb/check-data';

/** What a command needs of the world, so that tests can bring their own. */
export interface Terminal {
  /** Resolves when the text was taken, so that a slow reader is waited for; rejects when nobody reads any more. */
  write(text: string): Promise<void>;
  /** Says what went wrong, beside what is written. */
  complain(text: string): void;
  /** Asks a question; undefined when nobody is there to answer. */
  ask(question: string): Promise<string | undefined>;
  now(): number;
  pause(ms: number): Promise<void>;
  /** Rejects with a `StoreFormatError` when the data file is damaged as a whole: reading it could end this process. */
  check(folder: string): Promise<void>;
}

/** Whether an answer to a question of yes or no is yes: whatever is not, is no. */
export function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim());
}

/** The streams of a process. */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Makes the terminal of a real process. */
export function createTerminal({ stdin, stdout, stderr }: Streams): Terminal {
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined); // whoever writes is told, and the rest is done
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        stdout.write(text, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
    complain: (text) => void stderr.write(text),
    ask: async (question) => {
      if (!stdin.isTTY) return undefined;
      const dialogue = createInterface({ input: stdin, output: stderr });
      const no = () => 'no';
      const closed = once(dialogue, 'close').then(no); // Ctrl-C, Ctrl-D
      const answer = await Promise.race([dialogue.question(question).catch(no), closed]);
      dialogue.close();
      return answer;
    },
    now: () => Date.now(),
    pause: (ms) => pass(ms),
    check: (folder) => checkReadable(folder),
  };
}
