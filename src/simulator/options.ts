import { InvalidArgumentError } from 'commander';

/**
 * Makes what reads a whole number from a command line or the environment.
 *
 * @throws {InvalidArgumentError} saying what is taken
 */
export function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,15}$/.test(text) || Number(text) > most) {
      throw new InvalidArgumentError(`It takes a whole number from 0 to ${most}.`);
    }
    return Number(text);
  };
}

/** @throws {InvalidArgumentError} when it is none */
export function webAddress(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It takes an address like http://localhost:1337/webhook.');
}

/** What to tell a person when the simulator cannot start. */
export function explainFailure(error: unknown, port: number, remedy: string): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `Port ${port} is taken: stop what uses it, or ${remedy}.`;
  return code === 'EACCES' ? `Port ${port} may not be used: ${remedy}.` : message;
}
