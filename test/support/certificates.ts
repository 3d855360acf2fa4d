import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './temporary-folder';

/** A certificate, its key, and the certificates that a server sends along. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority for certificates of tests, made with openssl. */
export function testAuthority() {
  const folder = temporaryFolder();
  const file = (name: string) => path.join(folder, name);
  const read = (name: string) => readFileSync(file(name), 'utf8');
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const newKey = (name: string) => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ];

  const selfSigned = (name: string, host: string): Certificate => {
    const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    openssl('req', '-x509', ...newKey(name), '-out', `${name}.pem`, '-days', '30', ...names);
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };

  /** @param days how long it is valid; a negative number: since when it is not */
  const issue = (name: string, by: string, extension: string, days = 30): void => {
    openssl('req', ...newKey(name), '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(file(`${name}.ext`), extension);
    const signer = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signer,
      '-out',
      `${name}.pem`,
      '-days',
      String(days),
      '-extfile',
      `${name}.ext`,
    );
  };

  selfSigned('root', 'Test authority');
  issue('between', 'root', 'basicConstraints=critical,CA:true');
  const forHost = (name: string, host: string, days?: number) => {
    issue(name, 'between', `subjectAltName=DNS:${host}`, days);
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  return {
    /** What has to be trusted. */
    root: read('root.pem'),
    /** What signs the certificates of hosts. */
    between: read('between.pem'),
    forHost,
    selfSigned,
  };
}
