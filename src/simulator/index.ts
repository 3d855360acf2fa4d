import { parseArgs } from 'node:util';
import { botEnvironment, subscribeBot } from './setup';
import { defaultSettings } from './settings';
import { startSimulator } from './simulator';

/* `npm run simulator`: the platform's side alone, for any bot in any language. */

const HELP = `Messenger, the Page Inbox and the Graph API on this machine.

  npm run simulator -- [--port 1338] [--webhook http://localhost:1337/webhook] [--seed 1] [--batch-ms 0] [--no-proof]

  --webhook   your bot's webhook; it is verified and subscribed as soon as the bot answers
  --seed      the same seed gives the same ids
  --batch-ms  events within so many milliseconds go out in one POST
  --no-proof  calls without appsecret_proof are accepted
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '1338' },
      webhook: { type: 'string', default: 'http://localhost:1337/webhook' },
      seed: { type: 'string', default: String(defaultSettings.seed) },
      'batch-ms': { type: 'string', default: '0' },
      'no-proof': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const simulator = await startSimulator(Number(values.port), {
    seed: Number(values.seed),
    batchMs: Number(values['batch-ms']),
    requireProof: !values['no-proof'],
  });
  simulator.platform.createCustomer('Maya');
  const lines = Object.entries(botEnvironment(simulator.platform.settings, simulator.url)).map(
    ([name, value]) => `    ${name}=${value}`,
  );
  process.stdout.write(
    `\n  The simulator is ready: ${simulator.url}\n\n  Start your bot with\n\n${lines.join('\n')}\n\n  Waiting for it at ${values.webhook} …\n`,
  );
  await subscribeWhenUp(simulator.url, simulator.platform, values.webhook);
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

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  process.exit(1);
});
