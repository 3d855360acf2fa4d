import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../../../src/config';
import { isOpenToOthers, readPagesFile } from '../../../src/process/pages-file';
import { writePages } from '../../support/pages';
import { temporaryFolder } from '../../support/temporary-folder';

const bakery = {
  id: '100200300400500',
  name: 'Corner Bakery',
  accessToken: 'EAAbakery',
  instagramId: '17841400000000001',
};
const florist = { id: '100200300400501', accessToken: 'EAAflorist' };

function mistakeIn(file: string): ConfigError {
  try {
    readPagesFile(file);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}
const problemsOf = (pages: unknown) => mistakeIn(writePages(pages)).problems;

describe('a file of Pages', () => {
  it('is read, with what may be left out, and with the mark that some editors begin a file with', () => {
    expect(readPagesFile(writePages([bakery, florist]))).toEqual([bakery, florist]);
    expect(readPagesFile(writePages(`\uFEFF${JSON.stringify([florist])}`))).toEqual([florist]);
  });

  it('may have 10,000 Pages, and no more', () => {
    const pages = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ id: String(n + 1), accessToken: `a${n}` }));
    expect(readPagesFile(writePages(pages(10_000)))).toHaveLength(10_000);
    expect(problemsOf(pages(10_001))).toEqual(['PAGES_FILE, line 1: must not name more than 10000 Pages.']);
  });

  it.each<[string, string, string]>([
    ['a missing comma', '[\n  {"id": "1" "accessToken": "a"}\n]', 'line 2: it is no JSON from here on.'],
    ['an end too early', '[\n\n{"id": "1",', 'line 3: it is no JSON from here on.'],
    ['a comment', '[ // mine\n]', 'line 1: it is no JSON from here on.'],
    ['a word', 'EAAtoken', 'line 1: it is no JSON from here on.'],
    ['no list', '\n{"pages": []}', 'line 2: must be a list: [ … ].'],
    ['no Page', '[]', 'line 1: must name one Page at least.'],
    ['no object', '[\n"EAAtoken"]', 'line 2: must be an object, {"id": …, "accessToken": …}.'],
    [
      'a number for an id',
      '[{\n"id": 1,\n"accessToken": "a"}]',
      'line 2: id must be a number between quotes, digits only',
    ],
    ['letters in an id', '[{\n"id": "me",\n"accessToken": "a"}]', 'line 2: id must be a number between quotes'],
    ['no id', '[\n{"accessToken": "a"}]', 'line 2: id must be a number between quotes'],
    ['no token', '[\n{\n"id": "1"}]', 'line 2: accessToken is missing.'],
    ['a token that is none', '[{"id": "1",\n\n"accessToken": "EAA secret"}]', 'line 3: accessToken holds a space'],
    ['an odd account', '[{"id": "1", "accessToken": "a",\n"instagramId": "@me"}]', 'line 2: instagramId must be'],
    ['an empty name', '[{"id": "1", "accessToken": "a",\n"name": ""}]', 'line 2: name must be a text of 1 to 60'],
    ['a name like an id', '[{"id": "1", "accessToken": "a",\n"name": "42"}]', 'line 2: name must be a text of 1 to 60'],
    ['a name on two lines', '[{"id": "1", "accessToken": "a",\n"name": "a\\nb"}]', 'line 2: name must be a text of 1'],
    [
      'an unknown name',
      '[{"id": "1", "accessToken": "a",\n"token": "b"}]',
      'line 2: token is not known here: id, name,',
    ],
    ['a token for a name', '[{"id": "1", "accessToken": "a",\n"EAA|secret": 1}]', 'line 2: a name is not known here'],
    [
      'a Page twice',
      '[{"id": "1", "accessToken": "a"},\n{"accessToken": "b",\n"id": "1"}]',
      'line 3: id stands in the file already',
    ],
    [
      'an account that is a Page',
      '[{"id": "1", "accessToken": "a"},\n{"id": "2", "accessToken": "b",\n"instagramId": "1"}]',
      'line 3: instagramId stands in the file already',
    ],
    [
      'a name twice',
      '[{"id": "1", "accessToken": "a", "name": "A"},\n{"id": "2", "accessToken": "b", "name": "A"}]',
      'line 2: name stands in the file already',
    ],
    [
      'one token for two Pages',
      '[{"id": "1", "accessToken": "EAA"},\n{"id": "2",\n"accessToken": "EAA"}]',
      'line 3: accessToken stands in the file already',
    ],
  ])('with %s is refused, with the line', (_what, text, told) => {
    const problems = problemsOf(text);
    expect(problems).toEqual([expect.stringContaining(`PAGES_FILE, ${told}`)]);
    expect(problems.join()).not.toMatch(/EAA|secret/);
  });

  it('is told all its mistakes, up to 20 of them, and where to put them right', () => {
    const file = writePages(Array.from({ length: 23 }, (_, n) => ({ id: `x${n}`, accessToken: `a${n}` })));
    const { problems, message } = mistakeIn(file);
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('PAGES_FILE: and 3 more.');
    expect(message).toMatch(/attention[^]*Put it right in \/.*pages\.json \(see docs\/pages\.md\), and start again\.$/);
  });

  it.each<[string, (folder: string) => string, RegExp]>([
    ['is not there', (folder) => path.join(folder, 'none.json'), /cannot be read \(ENOENT.*See that it is there/],
    [
      'is a folder',
      (folder) => {
        mkdirSync(path.join(folder, 'pages'));
        return path.join(folder, 'pages');
      },
      /is no regular file: .*pages\. Name one/,
    ],
    [
      'is a pipe that nobody writes to',
      (folder) => {
        execFileSync('mkfifo', [path.join(folder, 'pipe')]);
        return path.join(folder, 'pipe');
      },
      /is no regular file/,
    ],
    ['is empty', () => writePages(''), /is empty, or larger than 8 MiB/],
    ['is too large', () => writePages(' '.repeat(8 * 1024 * 1024 + 1)), /is empty, or larger than 8 MiB/],
  ])('that %s is refused', (_what, make, told) => {
    expect(mistakeIn(make(temporaryFolder())).problems).toEqual([expect.stringMatching(told)]);
  });

  it('is open where its group or others may read it', () => {
    const file = writePages([florist]);
    expect(isOpenToOthers(file)).toBe(false);
    expect(isOpenToOthers(`${file}.gone`)).toBe(false);
    for (const mode of [0o640, 0o604]) {
      chmodSync(file, mode);
      expect(isOpenToOthers(file)).toBe(true);
    }
  });
});
