import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { testAuthority } from '../support/certificates';
import { freePort } from '../support/free-port';
import { temporaryFolder } from '../support/temporary-folder';
import { HOST } from './client';
import { listening } from './listening';
import { fitted } from './shipped-file';

const running: ChildProcess[] = [];

afterEach(async () => {
  for (const nginx of running.splice(0)) {
    if (nginx.exitCode !== null) continue; // it has ended by itself, and its test says why
    const ended = once(nginx, 'exit');
    nginx.kill('SIGTERM');
    await ended;
  }
});

/** Debian's own settings, as far as they matter to a site; everything that is written stays in one folder. */
const settings = (folder: string) => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 768; }
http {
  sendfile on;
  tcp_nopush on;
  gzip on;
  access_log ${folder}/other.log;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/temp;`).join(' ')}
  include ${folder}/site.conf;
}
`;

/** A user with no rights. */
const NOBODY = 65_534;

/**
 * Runs nginx, without any rights, with the file `nginx.conf` of a folder, until the end of the test.
 *
 * @param ports where it answers then
 */
export async function runNginx(folder: string, ports: readonly number[]): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const name of ['.', ...readdirSync(folder)]) chownSync(path.join(folder, name), NOBODY, NOBODY);
  const nginx = spawn('nginx', ['-e', `${folder}/error.log`, '-c', `${folder}/nginx.conf`], {
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
    stdio: ['ignore', 'ignore', 'inherit'],
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  });
  running.push(nginx);
  const log = path.join(folder, 'error.log');
  const failed = once(nginx, 'exit').then(() => {
    throw new Error(`nginx ended: ${existsSync(log) ? readFileSync(log, 'utf8') : ''}`);
  });
  failed.catch(() => undefined);
  await Promise.race([Promise.all(ports.map(listening)), failed]);
}

/** Where nginx answers, and what it writes. */
export interface Nginx {
  readonly port: number;
  readonly plainPort: number;
  readonly ca: string;
  /** Resolves with the access log once it has so many lines: nginx writes one when the answer has left. */
  readonly accessLog: (lines: number) => Promise<string>;
  readonly errorLog: () => string;
}

/**
 * Starts a real nginx, without any rights, with the shipped site in front of the bot.
 *
 * @param botPort where the bot listens
 */
export async function startNginx(botPort: number): Promise<Nginx> {
  const folder = temporaryFolder();
  const { root, between, forHost } = testAuthority();
  const { cert, key } = forHost('bot', HOST);
  writeFileSync(path.join(folder, 'fullchain.pem'), cert + between);
  writeFileSync(path.join(folder, 'privkey.pem'), key);
  const ports = Promise.all([freePort(), freePort(), freePort(), freePort()]); // at once, so that none comes twice
  const [port, port6, plainPort, plainPort6] = await ports;
  const site = fitted('nginx.conf', [
    ['/etc/letsencrypt/live/bot.example.com/', `${folder}/`],
    ['bot.example.com', HOST],
    ['listen [::]:443 ssl;', `listen 127.0.0.1:${port6} ssl;`],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['listen [::]:80;', `listen 127.0.0.1:${plainPort6};`],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['127.0.0.1:1337', `127.0.0.1:${botPort}`],
    ['/var/log/nginx/', `${folder}/`],
    ['/var/www/html', folder],
  ]);
  writeFileSync(path.join(folder, 'site.conf'), site);
  writeFileSync(path.join(folder, 'nginx.conf'), settings(folder));
  mkdirSync(path.join(folder, 'temp'));
  await runNginx(folder, [port, plainPort]);

  function read(name: string): string {
    const file = path.join(folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }
  return {
    port,
    plainPort,
    ca: root,
    accessLog: async (lines) => {
      while (read('messenger-bot.log').split('\n').length <= lines) await pause(10);
      return read('messenger-bot.log');
    },
    errorLog: () => read('messenger-bot.error.log') + read('error.log'),
  };
}
