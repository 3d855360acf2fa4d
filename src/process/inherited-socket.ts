import { OperatorError } from './operator-error';

/** A socket that the system listens on for the bot. */
export interface InheritedSocket {
  readonly fd: number;
}

/** The first file descriptor that is handed over. */
const FIRST_FD = 3;

const NUMBER = /^\d{1,9}$/;

/**
 * Takes the socket that the system hands over (socket activation, see sd_listen_fds(3)). The system keeps it while the bot
 * restarts, so that nobody is refused meanwhile. What says so is removed from the environment: it is for this process only.
 *
 * @param env the environment; it is changed
 * @param pid of this process
 * @returns undefined where none is handed over, or where it is meant for another process
 * @throws {OperatorError} when what is handed over is not exactly one socket, with the remedy
 */
export function takeInheritedSocket(env: NodeJS.ProcessEnv, pid: number): InheritedSocket | undefined {
  const [count, forPid] = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'].map((name) => {
    const value = env[name]?.trim();
    Reflect.deleteProperty(env, name);
    return value === '' ? undefined : value;
  });
  if (count === undefined || forPid === undefined) return undefined;
  if (!NUMBER.test(forPid)) throw odd('LISTEN_PID', 'the number of a process', forPid);
  if (Number(forPid) !== pid) return undefined;
  if (!NUMBER.test(count)) throw odd('LISTEN_FDS', '1', count);
  if (Number(count) !== 1) {
    throw new OperatorError(
      `The system hands over ${Number(count)} sockets (LISTEN_FDS), but the bot listens on one: leave a single ListenStream= in its socket unit.`,
    );
  }
  return { fd: FIRST_FD };
}

function odd(name: string, rule: string, value: string): OperatorError {
  return new OperatorError(
    `${name} must be ${rule}; it is now ${JSON.stringify(value.slice(0, 60))}. systemd sets it by itself: remove it from the environment.`,
  );
}
