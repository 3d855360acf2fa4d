import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const lockFile = path.join(__dirname, 'package-lock.json');
/** A copy of the lock file that was installed from. */
const installedFile = path.join(__dirname, 'node_modules', '.installed-from.json');

/** Installs what the bot is compared with, unless it is there already. No package's script is run. */
export function installPeers(say: (text: string) => void): void {
  const lock = readFileSync(lockFile, 'utf8');
  if (existsSync(installedFile) && readFileSync(installedFile, 'utf8') === lock) return;
  say('Installing what the bot is compared with …');
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: __dirname,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 300_000,
  });
  if (status !== 0) throw new Error('npm ci in bench/ failed: see above');
  writeFileSync(installedFile, lock);
}
