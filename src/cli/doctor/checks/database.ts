import type { Config } from '../../../config';
import { isLoopback } from '../../../process/loopback';
import { loadExaminer } from '../../../queue/open';
import type { DatabaseFacts } from '../../../queue/postgres/examine';
import { ok, unknown, wrong, type Check, type Finding } from '../finding';

const OLDEST = 140_000;
const CLOCK_LIMIT_MS = 60_000;
const FAR_MS = 20;
const LIMIT_MS = 5_000;

/** Whether the bot could keep its events in the database. It is only asked, and nothing is changed. */
export const database: Check = {
  name: 'Database',
  look: async (site) => {
    const config = site.config();
    const { databaseUrl } = config;
    if (databaseUrl === undefined) return [];
    const { examineDatabase, explainDatabaseError } = loadExaminer();
    try {
      return judge(await examineDatabase(databaseUrl, Math.min(LIMIT_MS, site.timeoutMs)), databaseUrl, config);
    } catch (error) {
      const { what, remedy } = explainDatabaseError(error);
      return [wrong(`${placeOf(databaseUrl)} cannot be used: ${what}.`, remedy)];
    }
  },
};

/** What its answers mean for a bot with these settings. */
export function judge(facts: DatabaseFacts, url: string, config: Pick<Config, 'databaseConnections'>): Finding[] {
  const { version, user, roundTripMs, clockAheadMs, mostConnections, connections } = facts;
  const each = config.databaseConnections;
  const seconds = Math.round(clockAheadMs / 1_000);
  const findings = [
    ...(facts.versionNumber < OLDEST ? [wrong(`it is PostgreSQL ${version}.`, 'Upgrade it to 14 or newer.')] : []),
    ...(facts.isReadOnly
      ? [wrong('it takes no changes: it is a standby, or read-only.', 'Give DATABASE_URL the address of the primary.')]
      : []),
    ...(facts.mayWrite
      ? []
      : [
          wrong(
            `the user ${user} may not make the schema messenger_bot, or not write there.`,
            `GRANT CREATE ON DATABASE … TO ${user}, or give it the schema: ALTER SCHEMA messenger_bot OWNER TO ${user}`,
          ),
        ]),
    ...(facts.isTooNew
      ? [wrong('its tables are of a newer version of this bot.', 'Run that version, or name another database.')]
      : []),
    ...(facts.movedTo === null
      ? []
      : [
          wrong(
            `the events in it were moved to ${facts.movedTo}.`,
            'Remove DATABASE_URL, or set it to another database.',
          ),
        ]),
    ...facts.forgetful.map((setting) =>
      wrong(
        `${setting}: an event that was acknowledged could be lost when the database goes down.`,
        'Switch it on, for the server or at least for the user of the bot.',
      ),
    ),
    ...(facts.isolation === 'read committed'
      ? []
      : [
          wrong(
            `default_transaction_isolation is ${facts.isolation}: some of the events that come in at once would be refused with 503, and delivered late.`,
            `ALTER ROLE ${user} SET default_transaction_isolation = 'read committed'`,
          ),
        ]),
    ...(Math.abs(seconds) * 1_000 > CLOCK_LIMIT_MS
      ? [
          wrong(
            `its clock is ${Math.abs(seconds)} seconds ${seconds > 0 ? 'ahead of' : 'behind'} this machine's.`,
            'Let both keep time with NTP.',
          ),
        ]
      : []),
    ...(each > mostConnections
      ? [
          wrong(
            `it allows ${mostConnections} connections, and DATABASE_CONNECTIONS is ${each}.`,
            'Lower DATABASE_CONNECTIONS, or raise max_connections of the database.',
          ),
        ]
      : []),
    ...(roundTripMs > FAR_MS
      ? [
          unknown(
            `it is ${Math.round(roundTripMs)} ms away.`,
            'Each event takes several round trips: run the bot near it.',
          ),
        ]
      : []),
    ...(facts.isEncrypted || isNear(url)
      ? []
      : [
          unknown(
            'the way to it is not encrypted.',
            'Add ?sslmode=verify-full to DATABASE_URL, unless nobody else can listen.',
          ),
        ]),
  ];
  const isWrong = findings.some(({ mark }) => mark === 'wrong');
  const rooms = Math.floor(Math.max(0, mostConnections - connections) / each);
  const fine = ok(
    `PostgreSQL ${version} at ${placeOf(url)} answers within ${Math.ceil(roundTripMs)} ms; ${connections} of ${mostConnections} connections are in use, room for ${rooms} more bots.`,
  );
  return isWrong ? findings : [fine, ...findings];
}

/** Host and database: the rest may be secret. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function isNear(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === '' || hostname.startsWith('%2F') || isLoopback(hostname);
}
