import { examineSite } from './doctor/examine';
import { count, reportOf } from './doctor/report';
import type { SiteOptions } from './doctor/site';
import { PAGE_OPTION } from './pages';
import { formatJson } from './plain';
import { runAsProgram, runProgram, tellReaders } from './program';
import type { Terminal } from './terminal';

/** What may be typed. */
interface Typed {
  readonly page?: string;
  readonly url?: string;
  readonly json?: true;
}

/**
 * Looks over the whole set-up and changes nothing.
 *
 * @param args what was typed after `npm run doctor --`
 * @param options the environment, and what tests need to be different
 * @returns the exit code: 0 when nothing is wrong, 1 when something is, or the command was not understood
 */
export function runDoctorCommand(
  args: readonly string[],
  options: Omit<SiteOptions, 'now' | 'url' | 'page'>,
  shown: Terminal,
): Promise<number> {
  return runProgram(
    'npm run doctor --',
    (program, fail, terminal) =>
      program
        .description('Looks over the whole set-up, from the settings to the public address, and changes nothing.')
        .option('--url <address>', 'the public address of the webhook; otherwise the one that is subscribed')
        .option(PAGE_OPTION, 'only this Page of PAGES_FILE, by its id or its name; otherwise all of them')
        .option('--json', 'JSON (for a program: npm run -s doctor, or npm adds lines of its own)')
        .addHelpText(
          'after',
          '\n✓ is fine, ✗ is wrong, ? cannot be told from here.\nIt ends with 0 when nothing is wrong, otherwise with 1.\n',
        )
        .action(async ({ url, page, json }: Typed) => {
          const tell = tellReaders(terminal);
          const found = await examineSite(
            { ...options, url, page, now: () => terminal.now() },
            json ? undefined : tell,
          );
          if (json) await tell(`${formatJson(reportOf(found))}\n`);
          if (count(found).wrong > 0) fail();
        }),
    args,
    shown,
    options.env,
  );
}

/* istanbul ignore next -- only as a program of its own: test/e2e covers it */
if (require.main === module) runAsProgram((args, terminal) => runDoctorCommand(args, { env: process.env }, terminal));
