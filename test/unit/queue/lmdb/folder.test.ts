import fs, { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OperatorError } from '../../../../src/process/operator-error';
import { prepareFolder, requireAccess } from '../../../../src/queue/lmdb/folder';
import { temporaryFolder } from '../../../support/temporary-folder';

const modeOf = (place: string) => statSync(place).mode & 0o777;
const failure = (code: string) => Object.assign(new Error(`${code}: the system's words`), { code });
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(OperatorError);
    return (error as Error).message;
  }
  return 'nothing was refused';
};

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a data folder', () => {
  it('is made for its owner only, and nothing is left in it', () => {
    const folder = path.join(temporaryFolder(), 'a', 'b');
    expect(prepareFolder(folder)).toEqual({ isDataOpen: false });
    expect(modeOf(folder)).toBe(0o700);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [0o755, true],
    [0o701, true],
    [0o710, true],
    [0o700, false],
  ])('of mode %o that was there before is told to be open to others: %p', (mode, isDataOpen) => {
    const folder = temporaryFolder();
    chmodSync(folder, mode);
    expect(prepareFolder(folder)).toEqual({ isDataOpen });
  });

  it('keeps what stands in it for its owner', () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'events.mdb'), 'x');
    writeFileSync(path.join(folder, 'ended'), 'x', { mode: 0o400 });
    chmodSync(path.join(folder, 'events.mdb'), 0o664);
    chmodSync(path.join(folder, 'ended'), 0o600);
    prepareFolder(folder);
    expect(['events.mdb', 'ended'].map((name) => modeOf(path.join(folder, name)))).toEqual([0o600, 0o600]);
  });

  it('that is a file is named as such', () => {
    const file = path.join(temporaryFolder(), 'data');
    writeFileSync(file, '');
    expect(refusal(() => prepareFolder(file))).toMatch(
      /^The data folder .*data cannot be made: it is a file\..*DATA_DIR/,
    );
  });

  it('that cannot be made is told in the words of the system, or by whose the folder above is', () => {
    const folder = path.join(temporaryFolder(), 'data');
    jest.spyOn(fs, 'mkdirSync').mockImplementationOnce(() => {
      throw failure('EROFS');
    });
    expect(refusal(() => prepareFolder(folder))).toContain("cannot be made: EROFS: the system's words.");
    jest.spyOn(fs, 'mkdirSync').mockImplementationOnce(() => {
      throw failure('EACCES');
    });
    jest.spyOn(process, 'getuid').mockReturnValue(12_345);
    const mine = statSync(path.dirname(folder)).uid;
    expect(refusal(() => prepareFolder(folder))).toContain(`it belongs to user ${mine}, and this is user 12345.`);
  });

  it.each(['EACCES', 'EPERM'])('of somebody else is not called damaged (%s)', (code) => {
    const folder = temporaryFolder();
    const { uid } = statSync(folder);
    jest.spyOn(process, 'getuid').mockReturnValue(uid + 1);
    jest.spyOn(fs, 'accessSync').mockImplementationOnce(() => {
      throw failure(code);
    });
    const text = refusal(() => {
      requireAccess(folder);
    });
    expect(text).toMatch(
      /^The data folder .* cannot be read and written: it belongs to user \d+, and this is user \d+\. Nothing/,
    );
    expect(text).toContain('Run this as the user whose folder it is'); // the operator's command says it, too
    expect(text).not.toContain('damaged');
  });

  it('of this user that cannot be read all the same is told in the words of the system', () => {
    jest.spyOn(fs, 'accessSync').mockImplementationOnce(() => {
      throw failure('EACCES');
    });
    expect(
      refusal(() => {
        requireAccess(temporaryFolder());
      }),
    ).toContain("EACCES: the system's words");
    jest.spyOn(fs, 'accessSync').mockImplementationOnce(() => {
      throw failure('EACCES');
    });
    expect(
      refusal(() => {
        requireAccess('/no/such/folder');
      }),
    ).toContain("EACCES: the system's words");
  });

  it('with a file of somebody else in it names the file', () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'events.mdb');
    mkdirSync(file);
    const access = fs.accessSync;
    jest.spyOn(fs, 'accessSync').mockImplementation((place, mode) => {
      if (place === file) throw failure('EROFS');
      access(place, mode);
    });
    expect(refusal(() => prepareFolder(folder))).toMatch(
      /^.*events\.mdb in the data folder cannot be read and written: EROFS/,
    );
  });
});

describe('what else stands in a data folder', () => {
  it('is left alone: a volume has a lost+found of root, for instance', () => {
    const folder = temporaryFolder();
    const theirs = path.join(folder, 'lost+found');
    mkdirSync(theirs);
    chmodSync(theirs, 0o755);
    const access = fs.accessSync;
    jest.spyOn(fs, 'accessSync').mockImplementation((place, mode) => {
      if (place === theirs) throw failure('EACCES');
      access(place, mode);
    });
    expect(prepareFolder(folder)).toEqual({ isDataOpen: false });
    expect(modeOf(theirs)).toBe(0o755);
  });

  it("is not reached through a link either, though it has a name of the bot's", () => {
    const folder = temporaryFolder();
    const theirs = path.join(temporaryFolder(), 'theirs');
    writeFileSync(theirs, '');
    chmodSync(theirs, 0o644);
    symlinkSync(theirs, path.join(folder, 'arrived'));
    writeFileSync(path.join(folder, 'probe'), 'mine');
    prepareFolder(folder);
    expect(modeOf(theirs)).toBe(0o644);
    expect(readFileSync(path.join(folder, 'probe'), 'utf8')).toBe('mine');
  });

  it('may vanish meanwhile', () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'arrived'), '');
    jest.spyOn(fs, 'lstatSync').mockImplementationOnce(() => {
      throw failure('ENOENT');
    });
    expect(prepareFolder(folder)).toEqual({ isDataOpen: false });
  });

  it("and cannot be made private, though it is the bot's, is named", () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'ended'), '');
    chmodSync(path.join(folder, 'ended'), 0o664);
    jest.spyOn(process, 'getuid').mockReturnValue(12_345);
    jest.spyOn(fs, 'chmodSync').mockImplementationOnce(() => {
      throw failure('EPERM');
    });
    expect(refusal(() => prepareFolder(folder))).toMatch(
      /ended in the data folder .* it belongs to user \d+, and this is user 12345/,
    );
  });
});

describe('a disk that is full', () => {
  it.each([
    [
      'fails',
      () =>
        jest.spyOn(fs, 'writeSync').mockImplementationOnce(() => {
          throw failure('ENOSPC');
        }),
    ],
    ['stops half way', () => jest.spyOn(fs, 'writeSync').mockReturnValueOnce(1_000)],
  ])('is told before the engine comes to harm by it: a write that %s', (_how, fill) => {
    const folder = temporaryFolder();
    fill();
    const text = refusal(() => prepareFolder(folder));
    expect(text).toMatch(/^Nothing can be written to the data folder .*: .*(space|ENOSPC)/);
    expect(text).toContain(
      'Make room on its disk, or set DATA_DIR to another folder, and start again: nothing was changed',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is tried with 128 KiB', () => {
    const write = jest.spyOn(fs, 'writeSync');
    prepareFolder(temporaryFolder());
    expect(write.mock.calls.map(([, bytes]) => (bytes as unknown as Buffer).length)).toEqual([131_072]);
  });
});
