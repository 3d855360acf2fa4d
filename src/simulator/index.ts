import { program } from 'commander';
import { explainFailure, webAddress, wholeNumber } from './options';
import { botEnvironment, subscribeBot } from './setup';
import { defaultSettings } from './settings';
import { startSimulator } from './simulator';

/* `npm run simulator`: the platform's side alone, for any bot in any language. */

interface Options {
  readonly port: number;
  readonly webhook: string;
  readonly seed: number;
  readonly batchMs: number;
  readonly proof: boolean;
}

program
  .name('npm run simulator --')
  .description('Messenger, the Page Inbox and the Graph API on this machine.')
  .option('--port <n>', 'where it listens', wholeNumber(65_535), 1338)
  .option(
    '--webhook <address>',
    "your bot's webhook; it is verified and subscribed as soon as the bot answers",
    webAddress,
    'http://localhost:1337/webhook',
  )
  .option('--seed <n>', 'the same seed gives the same ids', wholeNumber(2 ** 31), defaultSettings.seed)
  .option('--batch-ms <n>', 'events within so many milliseconds go out in one POST', wholeNumber(60_000), 0)
  .option('--no-proof', 'calls without appsecret_proof are accepted')
  .helpOption('--help', 'this text')
  .action((options: Options) =>
    run(options).catch((error: unknown) => {
      program.error(explainFailure(error, options.port, 'name another one with --port'));
    }),
  );

async function run({ port, webhook, seed, batchMs, proof }: Options): Promise<void> {
  const simulator = await startSimulator(port, { seed, batchMs, requireProof: proof });
  simulator.platform.createCustomer('Maya');
  const lines = Object.entries(botEnvironment(simulator.platform.settings, simulator.url)).map(
    ([name, value]) => `    ${name}=${value}`,
  );
  process.stdout.write(
    `\n  The simulator is ready: ${simulator.url}\n\n  Start your bot with\n\n${lines.join('\n')}\n\n  Waiting for it at ${webhook} …\n`,
  );
  await subscribeWhenUp(simulator.url, simulator.platform, webhook);
  process.stdout.write('  The bot has answered the verification and is subscribed. Ctrl-C ends the simulator.\n');
}

async function subscribeWhenUp(...args: Parameters<typeof subscribeBot>): Promise<void> {
  for (;;) {
    try {
      await subscribeBot(...args);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

void program.parseAsync();
