import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../src/config';
import { createPageBook, type PageBook } from '../../src/process/page-book';
import { temporaryFolder } from './temporary-folder';

/** Writes a file of Pages, for its owner only; a text is written as it is. */
export function writePages(pages: unknown, file = path.join(temporaryFolder(), 'pages.json')): string {
  writeFileSync(file, typeof pages === 'string' ? pages : JSON.stringify(pages, null, 2), { mode: 0o600 });
  return file;
}

/** The Pages of such a file. */
export function bookOf(...pages: readonly object[]): PageBook {
  return createPageBook({ pagesFile: writePages(pages), pageAccessToken: undefined } as Config);
}

/** The one Page of a token. */
export function bookOfToken(pageAccessToken: string): PageBook {
  return createPageBook({ pagesFile: undefined, pageAccessToken } as Config);
}
