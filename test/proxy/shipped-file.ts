import { readFileSync } from 'node:fs';
import path from 'node:path';

const docs = path.join(__dirname, '..', '..', 'docs');

/** The text of a file of docs/deploy, or of another folder of docs. */
export function shippedFile(name: string, folder = 'deploy'): string {
  return readFileSync(path.join(docs, folder, name), 'utf8');
}

/**
 * The same as a machine of the tests needs it: other paths, ports and names.
 *
 * @param changes what stands in it, and what is to stand there; each must be found
 */
export function fitted(
  name: string,
  changes: readonly (readonly [from: string, to: string])[],
  folder?: string,
): string {
  return changes.reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${name} no longer holds ${JSON.stringify(from)}`);
      return text.replaceAll(from, to);
    },
    shippedFile(name, folder),
  );
}
