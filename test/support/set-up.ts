import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runDoctorCommand } from '../../src/cli/doctor';
import type { Mark } from '../../src/cli/doctor/finding';
import type { SiteOptions } from '../../src/cli/doctor/site';
import type { Terminal } from '../../src/cli/terminal';
import { completeEnvironment } from '../../src/process/environment';
import { makeBot } from './bot';
import { startHttpServer } from './http-server';
import { scriptedTerminal } from './scripted-terminal';
import { simulated } from './simulated-bot';
import { temporaryFolder } from './temporary-folder';

const start = process.cwd();
afterEach(() => {
  process.chdir(start);
});

interface Line {
  readonly name: string;
  readonly mark: Mark;
  readonly text: string;
  readonly remedy?: string;
}

/** A bot that is set up as it should be, with the simulated platform, in a folder of its own; each part can be made wrong. */
export async function rightSetUp() {
  const sim = await simulated({ requireProof: true });
  const { settings } = sim.platform;
  const secrets = { VERIFY_TOKEN: settings.verifyToken, APP_SECRET: settings.appSecret };
  const bot = await makeBot(secrets);
  let ready: readonly [status: number, body: string] = [200, '{"ready":true,"reasons":[]}'];
  const operations = await startHttpServer((_req, res) => {
    res.writeHead(ready[0], { 'Content-Type': 'application/json' }).end(ready[1]);
  });
  const webhook = `${(await startHttpServer(bot.app)).url}/webhook`;
  await sim.control('PUT', '/webhook', { callbackUrl: webhook });

  const folder = temporaryFolder();
  process.chdir(folder);
  const envFile = path.join(process.cwd(), '.env');
  const env: Record<string, string | undefined> = {};
  const writeEnvFile = (changes: Record<string, string | undefined> = {}, more = '', mode = 0o600): void => {
    const values: Record<string, string | undefined> = {
      PAGE_ACCESS_TOKEN: settings.pageAccessToken,
      ...secrets,
      APP_ID: settings.appId,
      GRAPH_API_URL: sim.url,
      NODE_ENV: 'production',
      OPERATIONS_PORT: new URL(operations.url).port,
      ...changes,
    };
    const lines = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    writeFileSync(envFile, `${lines.join('\n')}\n${more}\n`);
    chmodSync(envFile, mode);
  };
  writeEnvFile();

  let timeoutMs = 5_000;
  const doctor = async (
    args: readonly string[] = [],
    options: Partial<SiteOptions> = {},
    change: Partial<Terminal> = {},
  ) => {
    const { now = () => Date.now(), ...rest } = options;
    const { terminal, said } = scriptedTerminal();
    const code = await runDoctorCommand(args, { env: { ...env }, timeoutMs, ...rest }, { ...terminal, now, ...change });
    return { code, ...said() };
  };
  return {
    sim,
    env,
    envFile,
    folder,
    webhook,
    writeEnvFile,
    /** The environment with what stands in `.env`. */
    environment: () => {
      const complete = { ...env };
      completeEnvironment(complete);
      return complete;
    },
    /** Lets the doctor wait for a call no longer than need be. */
    hurry: () => {
      timeoutMs = 300;
    },
    /** What the bot answers to `/readyz`. */
    answerReady: (status: number, body: string) => {
      ready = [status, body];
    },
    doctor,
    /** What one check finds, a line each. */
    async find(name: string, args: readonly string[] = [], options: Partial<SiteOptions> = {}): Promise<Line[]> {
      const { output } = await doctor([...args, '--json'], options);
      return (JSON.parse(output) as { checks: Line[] }).checks.filter((line) => line.name === name);
    },
  };
}

export type SetUp = Awaited<ReturnType<typeof rightSetUp>>;
