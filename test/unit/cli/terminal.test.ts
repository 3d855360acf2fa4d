import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { createTerminal, isYes } from '../../../src/cli/terminal';
import { StoreFormatError } from '../../../src/queue/event-store';
import { temporaryFolder } from '../../support/temporary-folder';

function streams(isTTY = true) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  return { stdin, stdout, stderr, terminal: createTerminal({ stdin, stdout, stderr }) };
}

describe('the terminal of a process', () => {
  it('has taken a text when the stream has', async () => {
    let take: () => void = () => undefined;
    const texts: string[] = [];
    const stdout = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        texts.push(chunk.toString());
        take = done;
      },
    });
    const { stdin, stderr } = streams();
    let isTaken = false;
    const taken = createTerminal({ stdin, stdout, stderr })
      .write('a line\n')
      .then(() => (isTaken = true));
    await new Promise(setImmediate);
    expect([texts, isTaken]).toEqual([['a line\n'], false]);
    take();
    expect(await taken).toBe(true);
  });

  it('says to whoever writes that the reader has gone, and to nobody else', async () => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => {
        done(gone);
      },
    });
    const { stdin, stderr } = streams();
    await expect(createTerminal({ stdin, stdout, stderr }).write('x')).rejects.toBe(gone);
    await new Promise(setImmediate); // an error event that nobody listens to would end the process
  });

  it('complains on standard error', () => {
    const { stderr, terminal } = streams();
    terminal.complain('wrong\n');
    expect(String(stderr.read())).toBe('wrong\n');
  });

  it("asks on standard error, so that the question is in nobody's JSON", async () => {
    const { stdin, stdout, stderr, terminal } = streams();
    const answer = terminal.ask('Sure? ');
    await new Promise(setImmediate);
    expect(String(stderr.read())).toBe('Sure? ');
    expect(stdout.read()).toBeNull();
    stdin.write('yes\n');
    expect(await answer).toBe('yes');
  });

  it('takes it for a no when the question is broken off', async () => {
    const { stdin, terminal } = streams();
    const answer = terminal.ask('Sure? ');
    await new Promise(setImmediate);
    stdin.end();
    expect(await answer).toBe('no');
  });

  it('has nobody to ask where no person types', async () => {
    expect(await streams(false).terminal.ask('Sure? ')).toBeUndefined();
  });

  it('tells the time and waits', async () => {
    jest.useFakeTimers({ now: 1_234, doNotFake: ['nextTick', 'setImmediate'] });
    const { terminal } = streams();
    expect(terminal.now()).toBe(1_234);
    jest.useRealTimers();
    const start = performance.now();
    await terminal.pause(20);
    expect(performance.now() - start).toBeGreaterThan(15);
  });

  it('checks whether the data can be read', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'events.mdb'), Buffer.alloc(40_000, 'garbage '));
    await expect(streams().terminal.check(folder)).rejects.toThrow(StoreFormatError);
  });
});

describe('an answer to a question of yes or no', () => {
  it.each([
    ['yes', true],
    ['y', true],
    [' Yes ', true],
    ['YES', true],
    ['', false],
    ['no', false],
    ['yesterday', false],
    ['ja', false],
  ])('%j is yes: %p', (answer, expected) => {
    expect(isYes(answer)).toBe(expected);
  });
});
