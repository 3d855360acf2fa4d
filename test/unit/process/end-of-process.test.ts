import { keepingOutput } from '../../support/log-output';
import { createLogger } from '../../../src/process/logger';
import { loadConfig } from '../../../src/config';
import { endOnMistakes, stopOnSignals } from '../../../src/process/end-of-process';

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the end of the process', () => {
  let exits: unknown[];
  let kept: ReturnType<typeof keepingOutput>;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
    exits = [];
    kept = keepingOutput();
    jest.spyOn(process, 'exit').mockImplementation((code) => {
      exits.push(code);
      return undefined as never;
    });
  });

  afterEach(() => {
    process.removeAllListeners('SIGTERM').removeAllListeners('SIGINT');
    jest.useRealTimers();
  });

  const makeLog = () => {
    const config = loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token' });
    return createLogger(config, kept.output);
  };
  const stopWith = (finish: () => Promise<void>) => {
    stopOnSignals(makeLog(), kept.output, finish);
  };

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s once the work is done', async (signal) => {
    let finish: () => void = () => undefined;
    stopWith(() => new Promise((resolve) => (finish = resolve)));
    process.emit(signal, signal);
    await settle();
    expect(exits).toEqual([]);
    finish();
    await settle();
    expect(exits).toEqual([0]);
    expect(kept.lines.join()).toContain('stopping');
    expect(kept.lines.join()).not.toContain('cut off');
    expect(kept.asked).toEqual(['written within 1000']);
  });

  it('ends with 0 after 12 seconds even if work is still running, and says so', async () => {
    stopWith(() => new Promise(() => undefined));
    process.emit('SIGTERM', 'SIGTERM');
    await jest.advanceTimersByTimeAsync(11_999);
    expect(exits).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(exits).toEqual([0]);
    expect(kept.lines.join()).toContain('still running after 12 s');
  });

  it('ends at once on a second signal, with the code a shell expects', async () => {
    stopWith(() => new Promise(() => undefined));
    process.emit('SIGTERM', 'SIGTERM');
    await settle();
    process.emit('SIGINT', 'SIGINT');
    await settle();
    expect(exits).toEqual([130]);
  });

  it.each(['uncaughtException', 'unhandledRejection'] as const)(
    'comes at once, with 1 and a line, on an %s',
    (name) => {
      const others = process.listeners(name as 'uncaughtException');
      process.removeAllListeners(name);
      endOnMistakes(makeLog(), kept.output, (reason) => reason === 'harmless');
      (process as NodeJS.EventEmitter).emit(name, new Error('nobody caught me'));
      if (name === 'unhandledRejection') (process as NodeJS.EventEmitter).emit(name, 'harmless');
      expect((process as NodeJS.EventEmitter).emit('rejectionHandled')).toBe(true); // or Node.js warns of it
      for (const one of ['uncaughtException', 'unhandledRejection', 'rejectionHandled'])
        process.removeAllListeners(one);
      others.forEach((listener) => process.on(name as 'uncaughtException', listener));
      expect(exits).toEqual([1]);
      expect(kept.lines.join()).toMatch(/"level":"fatal".*nobody caught me/);
      expect(kept.asked).toEqual(['written now']);
    },
  );
});
