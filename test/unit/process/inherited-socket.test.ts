import { takeInheritedSocket } from '../../../src/process/inherited-socket';
import { OperatorError } from '../../../src/process/operator-error';

const PID = 4711;

describe('a socket that the system hands over', () => {
  it('is the third file descriptor, and what says so is removed from the environment', () => {
    const env = { LISTEN_FDS: '1', LISTEN_PID: '4711', LISTEN_FDNAMES: 'messenger-bot.socket', PATH: '/bin' };
    expect(takeInheritedSocket(env, PID)).toEqual({ fd: 3 });
    expect(env).toEqual({ PATH: '/bin' });
  });

  it.each([
    ['none is', {}],
    ['it is meant for another process', { LISTEN_FDS: '1', LISTEN_PID: '4712' }],
    ['the environment tells another process of several', { LISTEN_FDS: 'many', LISTEN_PID: '4712' }],
    ['nobody says for whom', { LISTEN_FDS: '1' }],
    ['nobody says how many', { LISTEN_PID: '4711' }],
    ['both are empty', { LISTEN_FDS: ' ', LISTEN_PID: '' }],
  ])('is not taken where %s; the variables are removed all the same', (_what, values) => {
    const env: NodeJS.ProcessEnv = { ...values, LISTEN_FDNAMES: 'x' };
    expect(takeInheritedSocket(env, PID)).toBeUndefined();
    expect(env).toEqual({});
  });

  it.each([
    ['several sockets', '2', '4711', /hands over 2 sockets.*leave a single ListenStream=/],
    ['no socket at all', '0', '4711', /hands over 0 sockets/],
    ['a count that is no number', 'one', '4711', /LISTEN_FDS must be 1; it is now "one".*remove it/],
    ['a negative count', '-1', '4711', /LISTEN_FDS must be 1; it is now "-1"/],
    ['a process that is no number', '1', '4711x', /LISTEN_PID must be the number of a process; it is now "4711x"/],
  ])('is refused with the remedy: %s', (_what, LISTEN_FDS, LISTEN_PID, told) => {
    const env: NodeJS.ProcessEnv = { LISTEN_FDS, LISTEN_PID };
    const take = () => takeInheritedSocket(env, PID);
    expect(take).toThrow(told);
    expect(env).toEqual({});
    Object.assign(env, { LISTEN_FDS, LISTEN_PID });
    expect(take).toThrow(OperatorError);
  });
});
