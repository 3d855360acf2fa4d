import { execFileSync } from 'node:child_process';
import fs, { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { openLogOutput } from '../../../src/process/log-output';
import { temporaryFolder } from '../../support/temporary-folder';

const opened: number[] = [];
const open = (place: string, flags: string | number) => {
  const fd = openSync(place, flags);
  opened.push(fd);
  return fd;
};

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  for (const fd of opened.splice(0)) closeSync(fd);
});

/** A pipe whose reader reads when it is told to, and a log that is written to it. */
function pipe() {
  const place = path.join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [place]);
  const reader = open(place, constants.O_RDONLY | constants.O_NONBLOCK);
  const output = openLogOutput(open(place, constants.O_WRONLY));
  const read = () => {
    const buffer = Buffer.alloc(1024 * 1024);
    try {
      return buffer.toString('utf8', 0, readSync(reader, buffer));
    } catch {
      return ''; // nothing there at this moment
    }
  };
  const leave = () => {
    opened.splice(opened.indexOf(reader), 1);
    closeSync(reader);
  };
  return { output, read, leave };
}

function file() {
  const place = path.join(temporaryFolder(), 'log');
  return { place, output: openLogOutput(open(place, 'a')), text: () => readFileSync(place, 'utf8') };
}

const line = (n: number) => `${String(n).padStart(99, '0')}\n`; // 100 bytes

describe('a log in a file', () => {
  it('holds all lines in their order', async () => {
    const { output, text } = file();
    for (let n = 0; n < 100; n += 1) output.write(line(n));
    await output.written(10_000);
    expect(text()).toBe(Array.from({ length: 100 }, (_, n) => line(n)).join(''));
    await output.written(0); // nothing is left to wait for
    expect(output.isTerminal).toBe(false);
  });

  it('is written before it returns where the process ends at once', () => {
    const { output, text } = file();
    jest.spyOn(fs, 'write').mockImplementation(() => undefined); // another thread has not come to it yet
    output.write('first\n');
    output.write('second\n');
    output.write('third\n');
    output.writeNow();
    expect(text()).toBe('second\nthird\n'); // the first is in the hands of the thread, which ends it
  });

  it('is tried again each second where its disk is full, and nothing of it is lost', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
    const { output, text } = file();
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    const write = jest.spyOn(fs, 'write');
    write.mockImplementation((...args: unknown[]) => {
      (args.at(-1) as (error: Error) => void)(full);
    });
    output.write('first\n');
    output.write('second\n');
    await jest.advanceTimersByTimeAsync(999);
    expect(write).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(write).toHaveBeenCalledTimes(2);
    output.writeNow(); // a full disk does not hold up the end
    write.mockRestore();
    jest.advanceTimersByTime(1_000);
    jest.useRealTimers();
    await output.written(10_000);
    expect(text()).toBe('first\nsecond\n');
  });
});

describe('the 4 MiB that are kept', () => {
  const MOST = 4 * 1024 * 1024;
  const stuck = () => {
    const { output } = file();
    const write = jest.spyOn(fs, 'write').mockImplementation(() => undefined); // never comes to its end
    return { output, written: () => write.mock.calls.map(([, bytes]) => bytes.length) };
  };

  it('may be used to the last byte', () => {
    const { output, written } = stuck();
    output.write('x'.repeat(MOST));
    expect(written()).toEqual([MOST]);
  });

  it('may not be exceeded by one', () => {
    const { output, written } = stuck();
    output.write('x'.repeat(MOST + 1));
    expect(written()).toEqual([]);
  });

  it('count bytes, not characters, and those that are being written, too', async () => {
    const { output, written } = stuck();
    const told: unknown[] = [];
    output.onLost((lines, reason) => told.push([lines, reason]));
    output.write('ä'.repeat(MOST / 2 - 10));
    output.write('x'.repeat(20));
    output.write('y'); // lost
    output.write('z'); // lost
    expect(written()).toEqual([MOST - 20]);
    const [goOn] = jest
      .mocked(fs.write)
      .mock.calls.map((args: unknown[]) => args.at(-1) as (error: Error | null, bytes: number) => void);
    goOn?.(Object.assign(new Error('ENOSPC: full'), { code: 'ENOSPC' }), 0);
    expect(told).toEqual([]);
    jest.restoreAllMocks();
    await output.written(5_000);
    expect(told).toEqual([[2, 'ENOSPC: full']]);
  });
});

describe('a log in a pipe', () => {
  it('has each line at once: a process that is killed has said it', () => {
    const { output, read } = pipe();
    output.write('first\n');
    expect(read()).toBe('first\n');
    output.write('second\n');
    expect(read()).toBe('second\n');
  });
});

describe('a log that cannot be written', () => {
  it('throws nothing, and does not hold up the end', () => {
    const output = openLogOutput(open('/dev/full', 'w'));
    output.write('a line\n');
    output.write('another\n');
    const wait = jest.spyOn(Atomics, 'wait');
    expect(() => {
      output.writeNow();
    }).not.toThrow();
    expect(wait).not.toHaveBeenCalled();
  });
});

describe('a reader that stands still', () => {
  it('delays nobody: 4 MiB are kept, the rest is counted and told', async () => {
    const { output, read } = pipe();
    const told: unknown[] = [];
    output.onLost((lines, reason) => {
      told.push([lines, reason]);
      output.write('told\n');
    });
    const sent = 60_000; // 6 MB
    for (let n = 0; n < sent; n += 1) output.write(line(n));
    await output.written(20); // in vain
    let text = '';
    while (!text.endsWith('told\n')) {
      text += read();
      await new Promise(setImmediate);
    }
    const lines = text.split('\n').slice(0, -2);
    const [kept, inThePipe] = [41_943, 656];
    expect(lines.length).toBeGreaterThanOrEqual(kept); // 4 MiB of lines
    expect(lines.length).toBeLessThanOrEqual(kept + inThePipe);
    expect(lines.every((one, n) => Number(one) === n)).toBe(true);
    expect(told).toEqual([[sent - lines.length, 'what reads the log was too slow']]);
    await output.written(10_000);
    output.write('later\n');
    await output.written(10_000);
    expect(read()).toBe('later\n');
  });

  it('gets what it has room for where the process ends at once, for a second at most', () => {
    const { output, read } = pipe();
    for (let n = 0; n < 2_000; n += 1) output.write(line(n));
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 50));
    const wait = jest.spyOn(Atomics, 'wait');
    output.writeNow();
    expect(wait).toHaveBeenCalled();
    expect(wait.mock.calls[0]?.[3]).toBe(10);
    expect(now).toBeGreaterThan(1_000);
    expect(now).toBeLessThan(1_200);
    expect(read().startsWith(line(0) + line(1))).toBe(true);
  });

  it('costs lines quietly where nobody wants to be told', async () => {
    const { output, read } = pipe();
    for (let n = 0; n < 45_000; n += 1) output.write(line(n));
    const state = { isWritten: false };
    void output.written(20_000).then(() => (state.isWritten = true));
    let text = '';
    while (!state.isWritten) {
      text += read();
      await new Promise(setImmediate);
    }
    const lines = `${text}${read()}`.split('\n').length - 1;
    expect(lines).toBeGreaterThanOrEqual(41_943);
    expect(lines).toBeLessThan(45_000);
    output.write('later\n');
    await output.written(20_000);
    expect(read()).toBe('later\n');
  });

  it('may leave: the log goes on', async () => {
    const { output, leave } = pipe();
    leave();
    output.write('nobody reads this\n');
    await output.written(20);
    expect(() => {
      output.write('nor this\n');
    }).not.toThrow();
  });
});

describe('a descriptor that can only be switched', () => {
  it('is written to as it is', async () => {
    const { place, text } = file();
    const fd = open(place, 'a');
    const stats = fs.fstatSync(fd);
    jest.spyOn(stats, 'isFile').mockReturnValue(false);
    jest.spyOn(fs, 'fstatSync').mockReturnValueOnce(stats);
    jest.spyOn(fs, 'openSync').mockImplementationOnce(() => {
      throw new Error('no /proc on this system');
    });
    const output = openLogOutput(fd);
    output.write('a line\n');
    await output.written(10_000);
    expect(text()).toBe('a line\n');
  });
});
