import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { explainFailure, wholeNumber } from './options';
import { botEnvironment, subscribeBot } from './setup';
import { startSimulator } from './simulator';

/* `npm run demo`: the simulator and the real bot against it, two processes, on throw-away data. Ctrl-C ends both. */

const REMEDY = 'set SIMULATOR_PORT to another number';
const named = process.env['SIMULATOR_PORT']?.trim();

async function main(port: number): Promise<void> {
  const simulator = await startSimulator(port);
  const folder = mkdtempSync(path.join(tmpdir(), 'handover-demo-'));
  const bot = spawn(process.execPath, [path.join(__dirname, '..', 'index.js')], {
    cwd: folder, // a .env of yours plays no part here
    env: {
      ...process.env,
      ...botEnvironment(simulator.platform.settings, simulator.url),
      NODE_ENV: '',
      PORT: '0',
      OPERATIONS_PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: path.join(folder, 'data'),
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = async (code: number) => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
    process.exit(code);
  };
  const stop = () => {
    bot.kill('SIGTERM');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  bot.once('exit', (code) => void end(code ?? 1));

  createInterface({ input: bot.stdout }).on('line', (line) => {
    const { msg, port } = JSON.parse(line) as { msg: string; port?: number };
    if (msg !== 'webhook is listening') return;
    subscribeBot(simulator.url, simulator.platform, `http://127.0.0.1:${String(port)}/webhook`).then(
      () => {
        for (const name of ['Maya', 'Jonas', 'Aiko']) simulator.platform.createCustomer(name);
        process.stdout.write(
          `\n  Messenger and the Page Inbox are ready. Open ${simulator.url} in your browser.\n  Ctrl-C ends the demo.\n\n`,
        );
      },
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        stop();
      },
    );
  });
}

function end(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function readPort(text: string): number {
  try {
    return wholeNumber(65_535)(text);
  } catch (error) {
    return end(`SIMULATOR_PORT is ${JSON.stringify(text)}. ${(error as Error).message}`);
  }
}

const port = readPort([named].find(Boolean) ?? '1338');
main(port).catch((error: unknown) => {
  end(explainFailure(error, port, REMEDY));
});
