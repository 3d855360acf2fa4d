import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that goes away with the tests of its file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'bot-'));
  folders.push(folder);
  return folder;
}
