import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const OLDEST_MAJOR = 14;
const DEBIAN = '/usr/lib/postgresql';

/** The folder of the newest PostgreSQL server on this machine; undefined where there is none of version 14 or newer. */
export function findPostgres(): string | undefined {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => path.join(DEBIAN, version, 'bin')) : [];
  const [newest] = [...new Set([...debian, ...(process.env['PATH'] ?? '').split(path.delimiter), ...ofPgConfig()])]
    .filter((folder) => ['postgres', 'initdb'].every((program) => existsSync(path.join(folder, program))))
    .map((folder) => ({ folder, major: majorOf(folder) }))
    .filter(({ major }) => major >= OLDEST_MAJOR)
    .sort((a, b) => b.major - a.major);
  return newest?.folder;
}

/** The full path of pgbouncer; undefined where it is missing. Debian keeps it where only root's PATH leads. */
export function findPgBouncer(): string | undefined {
  return [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin']
    .map((folder) => path.join(folder, 'pgbouncer'))
    .find((file) => existsSync(file));
}

function ofPgConfig(): string[] {
  const { stdout, status } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  return status === 0 ? [stdout.trim()] : [];
}

function majorOf(folder: string): number {
  const { stdout } = spawnSync(path.join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
  return Number(/\) (\d+)/.exec(stdout)?.[1] ?? 0);
}
