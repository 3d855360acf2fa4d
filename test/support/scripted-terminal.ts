import type { Terminal } from '../../src/cli/terminal';

/**
 * A terminal that keeps what is written, and at which somebody answers questions.
 *
 * @param answer what is typed; undefined when nobody is there
 */
export function scriptedTerminal(answer?: string, now = 1_795_384_800_000) {
  let output = '';
  let complaints = '';
  const questions: string[] = [];
  const terminal: Terminal = {
    write: (text) => {
      output += text;
      return Promise.resolve();
    },
    complain: (text) => {
      complaints += text;
    },
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(answer);
    },
    now: () => now,
    pause: () => Promise.resolve(),
    check: () => Promise.resolve(),
  };
  return { terminal, said: () => ({ output, complaints, questions }) };
}
