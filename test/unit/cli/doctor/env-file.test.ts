import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { isCut, readEnvFile } from '../../../../src/cli/doctor/env-file';
import { temporaryFolder } from '../../../support/temporary-folder';

const start = process.cwd();
beforeEach(() => {
  process.chdir(temporaryFolder());
});
afterEach(() => {
  process.chdir(start);
});

describe('a value in .env', () => {
  it.each([
    ['x', 'whole'],
    ['x # comment', 'whole'],
    ['x # comment#1', 'whole'],
    ['x # comment #1', 'whole'],
    ['x ## comment', 'whole'],
    ['# comment', 'whole'],
    ['x #1', 'perhaps'],
    ['x#1', 'cut'],
    ['x#1 # comment', 'cut'],
    ['#1', 'cut'],
    ["'a#b'", 'whole'],
    ["'a#b' # comment#1", 'whole'],
    ['"a#b\nc#d"', 'whole'],
    ['`a#b`', 'whole'],
    ["'a#b", 'cut'],
    ['"a#b', 'cut'],
    ["'a'b#c", 'cut'],
    ["a'b#c'", 'cut'],
  ])('%j is %s', (raw, expected) => {
    fs.writeFileSync('.env', `PORT=1\nVERIFY_TOKEN=${raw}\nHOST=h\n`);
    const found = readEnvFile().assignments?.find(({ name }) => name === 'VERIFY_TOKEN');
    expect(found && isCut(found)).toBe(expected);
  });
});

describe('the file .env', () => {
  it('is not waited for when it is a pipe', () => {
    execFileSync('mkfifo', ['.env']);
    expect(readEnvFile()).toMatchObject({
      assignments: undefined,
      trouble: ['is no regular file', 'Put the values into a file of that name.'],
    });
  });

  it('may be one that nobody may read', () => {
    fs.writeFileSync('.env', '');
    jest.spyOn(fs, 'readFileSync').mockImplementation(() => {
      throw new Error('EACCES');
    });
    expect(readEnvFile()).toMatchObject({
      assignments: undefined,
      trouble: ['cannot be read', 'Run this as the user who runs the bot.'],
    });
  });

  it.each([
    ['with', '\ufeff'],
    ['without', ''],
  ])('in UTF-16 %s a mark is told from one without values', (_what, mark) => {
    fs.writeFileSync('.env', `${mark}PORT=1\n`, 'utf16le');
    expect(readEnvFile().trouble).toEqual(['is in UTF-16, which the bot does not read', 'Save it as UTF-8.']);
  });

  it('may begin with a mark where it is in UTF-8', () => {
    fs.writeFileSync('.env', '\ufeffPORT=1\r\n');
    expect(readEnvFile().assignments).toEqual([{ name: 'PORT', raw: '1', value: '1' }]);
  });
});
