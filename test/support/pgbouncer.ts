import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { findPgBouncer } from './find-postgres';
import { freePort } from './free-port';
import { folderOf, outlivesNobody, unprivileged } from './servant';

const START_LIMIT_MS = 10_000;

/**
 * Starts PgBouncer before a database, pooling by transactions: two of them in a row may go to different sessions.
 *
 * @param url of the database
 * @param poolSize how many connections it has to the server
 * @throws Error where the machine has none, or where it does not start
 */
export async function startPgBouncer(url: string, poolSize: number) {
  const program = findPgBouncer();
  if (program === undefined)
    throw new Error('There is no PgBouncer on this machine. Debian: apt-get install pgbouncer');
  const { hostname, port: serverPort, username, pathname } = new URL(url);
  const user = unprivileged();
  const folder = folderOf(user, 'pgbouncer-');
  const file = (name: string) => path.join(folder, name);
  const end = outlivesNobody(folder, file('pid'), 'TERM', user);
  const port = await freePort();
  writeFileSync(file('users'), `"${username}" ""\n`);
  writeFileSync(
    file('ini'),
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir = ${folder}
auth_type = trust
auth_file = ${file('users')}
pidfile = ${file('pid')}
logfile = ${file('log')}
pool_mode = transaction
default_pool_size = ${poolSize}
`,
  );
  for (const name of ['users', 'ini']) chmodSync(file(name), 0o644);
  const child = spawn(program, [file('ini')], { ...user, cwd: '/', detached: true, stdio: 'ignore' });
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('pgbouncer did not start');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    /** Of the same database, by way of PgBouncer. */
    url: `postgres://${username}@127.0.0.1:${port}${pathname}`,
    stop: end,
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return connected;
}
