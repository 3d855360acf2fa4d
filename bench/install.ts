import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Installs what a folder's own package-lock.json lists, unless it is there already. No package's script is run.
 *
 * @param folder where package.json and package-lock.json are
 * @param what it is, for the person who waits
 */
export function installInto(folder: string, what: string, say: (text: string) => void): void {
  const lock = readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
  /** A copy of the lock file that was installed from. */
  const installedFile = path.join(folder, 'node_modules', '.installed-from.json');
  if (existsSync(installedFile) && readFileSync(installedFile, 'utf8') === lock) return;
  say(`Installing ${what} …`);
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
  });
  if (status !== 0) throw new Error(`npm ci in ${path.basename(folder)}/ failed: see above`);
  writeFileSync(installedFile, lock);
}
