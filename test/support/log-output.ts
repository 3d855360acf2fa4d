import type { LogOutput } from '../../src/process/log-output';

/** Takes lines, and does nothing else. */
export function keepingOutput(isTerminal = false) {
  const lines: string[] = [];
  const asked: string[] = [];
  let tell: Parameters<LogOutput['onLost']>[0] = () => undefined;
  const output: LogOutput = {
    isTerminal,
    write: (line) => void lines.push(line),
    onLost: (told) => {
      tell = told;
    },
    written: (mostMs) => {
      asked.push(`written within ${mostMs}`);
      return Promise.resolve();
    },
    writeNow: () => void asked.push('written now'),
  };
  const lose = (count: number, reason: string): void => {
    tell(count, reason);
  };
  return { output, lines, asked, lose };
}
