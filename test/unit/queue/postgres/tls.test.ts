import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { temporaryFolder } from '../../../support/temporary-folder';

/** What the client of the database makes of the options in its address, as docs/scaling.md tells. */
function tlsOf(query: string): unknown {
  return Reflect.get(new Client({ connectionString: `postgres://bot@db.example/bot${query}` }), 'ssl');
}

describe('TLS to the database', () => {
  it('is off unless the address asks for it', () => {
    expect(tlsOf('')).toBe(false);
    expect(tlsOf('?sslmode=disable')).toBe(false);
  });

  it.each(['verify-full', 'verify-ca', 'require', 'prefer'])('checks certificate and name with sslmode=%s', (mode) => {
    jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(tlsOf(`?sslmode=${mode}`)).toEqual({});
  });

  it('checks nothing with sslmode=no-verify only', () => {
    expect(tlsOf('?sslmode=no-verify')).toEqual({ rejectUnauthorized: false });
  });

  it('takes the authority of sslrootcert', () => {
    const file = path.join(temporaryFolder(), 'ca.pem');
    writeFileSync(file, 'an authority');
    expect(tlsOf(`?sslmode=verify-full&sslrootcert=${file}`)).toEqual({ ca: 'an authority' });
  });
});
