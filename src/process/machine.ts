import { OperatorError } from './operator-error';

/** The releases that CI runs the tests on: the least minor number of each. */
const LEAST_MINOR: Readonly<Record<number, number>> = { 20: 19, 22: 13 };
const EVERY_MINOR_FROM = 24;

/**
 * Makes sure that the bot can run here.
 *
 * @param version of Node.js, like `20.19.0`
 * @param platform of the operating system, as Node.js names it
 * @throws {OperatorError} when it cannot
 */
export function requireMachine(version: string, platform: NodeJS.Platform): void {
  const [major, minor] = version.split('.').map(Number) as [number, number];
  const least = major >= EVERY_MINOR_FROM ? 0 : LEAST_MINOR[major];
  if (least === undefined || minor < least) {
    throw new OperatorError(
      `It does not run on Node.js ${version}: install 24 or later (20.19 and later of 20, and 22.13 and later of 22, work, too).`,
    );
  }
  if (platform === 'win32') {
    throw new OperatorError('It runs on Linux and macOS, not on Windows: there, start it inside WSL or a container.');
  }
}
