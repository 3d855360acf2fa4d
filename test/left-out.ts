import { findPgBouncer, findPostgres } from './support/find-postgres';

/* What `npm test` says at its end: the tests that did not run, and how to run them. */

const always = [
  'in a real browser (with Chromium on the machine: npm run test:browser)',
  'of the alert rules (with promtool: npm run test:operations)',
  "of the queue's own promises on PostgreSQL (npm run test:postgres)",
  'behind a real proxy (with nginx, Caddy and systemd: npm run test:proxy)',
];
process.stdout.write(`Left out: the tests ${always.slice(0, -1).join(', ')} and ${always.at(-1) ?? ''}\n`);
if (findPostgres() === undefined) {
  process.stdout.write(
    'Left out: the tests of the PostgreSQL engine, and a per cent of the coverage (with PostgreSQL 14 or newer on the machine: npm test)\n',
  );
} else if (findPgBouncer() === undefined) {
  process.stdout.write('Left out: the test behind PgBouncer (with PgBouncer on the machine: npm test)\n');
}
