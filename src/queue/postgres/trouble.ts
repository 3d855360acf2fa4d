/** What went wrong with a database, for whoever looks after it. */
export interface DatabaseTrouble {
  /** A part of a sentence, like `its name is not known (ENOTFOUND)`. */
  readonly what: string;
  readonly remedy: string;
}

const START = 'Start it, or put its right address into DATABASE_URL, and let its port through the firewall.';
const ADDRESS = 'Put the right address into DATABASE_URL.';
const ACCOUNT = 'Put the right user and password into DATABASE_URL.';
const ENCRYPT = 'See “TLS” in docs/scaling.md: sslmode and sslrootcert in DATABASE_URL.';

/** Somebody dropped them, or put an empty database in the place of the old one. */
const GONE: DatabaseTrouble = {
  what: 'the tables of the bot are not there any more',
  remedy: 'Put the backup back; where there is none, restart the bot, and it makes them anew, empty.',
};

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const known: Readonly<Record<string, DatabaseTrouble>> = {
  ECONNREFUSED: { what: 'the connection is refused, nothing listens there', remedy: START },
  ECONNRESET: { what: 'the connection is closed at once', remedy: START },
  ENOENT: { what: 'there is no such socket', remedy: START },
  EHOSTUNREACH: { what: 'no way leads there', remedy: START },
  ENETUNREACH: { what: 'no way leads there', remedy: START },
  ETIMEDOUT: { what: 'nothing comes back in time', remedy: START },
  ENOTFOUND: { what: 'its name is not known', remedy: ADDRESS },
  EAI_AGAIN: { what: 'no name server answers', remedy: "Check this machine's network and its name servers." },
  '28P01': { what: 'it refuses user and password', remedy: ACCOUNT },
  '28000': { what: 'it lets this user in from here in no way', remedy: 'Let it in: pg_hba.conf of the database.' },
  '3D000': {
    what: 'there is no database of that name',
    remedy: 'Make it (createdb), or name the right one in DATABASE_URL.',
  },
  '3F000': GONE,
  '42P01': GONE,
  '42883': GONE,
  '42501': {
    what: 'this user may not do that',
    remedy: 'GRANT CREATE ON DATABASE … TO …, once, so that the bot can make its schema.',
  },
  '53300': {
    what: 'it has no connection left',
    remedy: 'Lower DATABASE_CONNECTIONS, or raise max_connections of the database.',
  },
  '57P03': { what: 'it is starting or stopping', remedy: 'Wait a moment, and try again.' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { what: 'its certificate is self-signed', remedy: ENCRYPT },
  SELF_SIGNED_CERT_IN_CHAIN: {
    what: 'its certificate comes from an authority that this machine does not know',
    remedy: ENCRYPT,
  },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    what: 'its certificate comes from an authority that this machine does not know',
    remedy: ENCRYPT,
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    what: 'its certificate comes from an authority that this machine does not know',
    remedy: ENCRYPT,
  },
  CERT_HAS_EXPIRED: { what: 'its certificate has expired', remedy: 'Renew it.' },
  ERR_TLS_CERT_ALTNAME_INVALID: { what: 'its certificate is for another host name', remedy: ENCRYPT },
};

/** Errors of pg that have no code. */
const said: readonly (readonly [RegExp, DatabaseTrouble])[] = [
  [/timeout/i, { what: 'nothing comes back in time', remedy: START }],
  [/does not support SSL/i, { what: 'it does not speak TLS', remedy: ENCRYPT }],
  [/terminated unexpectedly/i, { what: 'the connection is closed', remedy: START }],
  [/password/i, { what: 'it wants a password', remedy: ACCOUNT }],
];

/** Tells what an error of pg, or of the system below it, means. */
export function explainDatabaseError(error: unknown): DatabaseTrouble {
  const { code, errors, message } = error as { code?: unknown; errors?: readonly unknown[]; message?: string };
  if (errors?.[0] !== undefined) return explainDatabaseError(errors[0]); // of several addresses of one name
  const found = typeof code === 'string' && Object.hasOwn(known, code) ? known[code] : undefined;
  if (found) return { ...found, what: `${found.what} (${String(code)})` };
  const [, told] = said.find(([words]) => words.test(String(message))) ?? [];
  return told ?? { what: String(message ?? error), remedy: 'Look into the log of the database.' };
}
