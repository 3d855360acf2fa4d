import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Who runs a server that refuses to run as root; nothing where nobody is root. */
export interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** The user `postgres`, or `nobody`, where this process is root's. */
export function unprivileged(): User {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string, name: string) => spawnSync('id', [flag, name], { encoding: 'utf8' });
  const name = id('-u', 'postgres').status === 0 ? 'postgres' : 'nobody';
  return { uid: Number(id('-u', name).stdout), gid: Number(id('-g', name).stdout) };
}

/** A new folder of that user's. */
export function folderOf({ uid, gid }: User, prefix: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

/** Waits for the end of its input, ends the server, also one that stands still, and takes its folder away. */
const keeper = `
cat >/dev/null
pid=$(head -n 1 "$2" 2>/dev/null)
if [ -n "$pid" ]; then
  kill -"$3" "$pid"
  kill -CONT "$pid"
  while kill -0 "$pid"; do sleep 0.05; done
fi 2>/dev/null
rm -rf "$1"
`;

/**
 * Sees to it that a server does not outlive this process, even where this is killed, and that its folder goes away.
 *
 * @param folder what goes away
 * @param pidFile where the server notes its process
 * @param signal what ends it at once
 * @returns ends the server, should it still run
 */
export function outlivesNobody(folder: string, pidFile: string, signal: string, user: User): () => Promise<void> {
  const child = spawn('sh', ['-c', keeper, 'keeper', folder, pidFile, signal], {
    ...user,
    detached: true, // Ctrl-C is for this process; the keeper follows
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(child, 'exit');
  child.unref();
  return async () => {
    child.ref();
    child.stdin.end();
    await ended;
  };
}
