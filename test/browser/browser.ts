import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const candidates = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Starts the Chromium of this machine. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = candidates.find((file) => file !== undefined && existsSync(file));
  if (executablePath === undefined) {
    throw new Error('No Chromium was found: install it (Debian: apt-get install chromium), or name it in CHROMIUM.');
  }
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'];
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet] });
}

export interface Demo {
  readonly url: string;
  end(): Promise<number | null>;
}

/** Starts what `npm run demo` starts, on a free port. */
export async function startDemo(): Promise<Demo> {
  const program = path.join(__dirname, '..', '..', 'dist', 'simulator', 'demo.js');
  const child: ChildProcess = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], SIMULATOR_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /Open (http:\S+) in your browser/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => {
      reject(new Error(`the demo ended: ${said}`));
    });
  });
  return {
    url,
    async end() {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}
