import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** A line of `.env` that sets something. */
export interface Assignment {
  readonly name: string;
  /** As it stands in the file, quotes and comments included. Secret. */
  readonly raw: string;
}

/** The file `.env` in the folder that the program was started in, as it stands on disk. */
export interface EnvFile {
  /** Its full path, whether it is there or not. */
  readonly place: string;
  /** Undefined when it is not there or cannot be read. */
  readonly assignments: readonly Assignment[] | undefined;
  /** Its permissions, like 0o600, where it is there. */
  readonly mode: number | undefined;
}

const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)\s*=[ \t]*(.*)$/gm;

/** Reads `.env` without taking anything over from it. */
export function readEnvFile(): EnvFile {
  const place = path.resolve('.env');
  const mode = attempt(() => statSync(place).mode & 0o777);
  const text = attempt(() => readFileSync(place, 'utf8').replaceAll('\r', ''));
  const assignments =
    text === undefined
      ? undefined
      : Array.from(text.matchAll(ASSIGNMENT), ([, name, raw]) => ({ name: String(name), raw: String(raw) }));
  return { place, assignments, mode };
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/**
 * Whether a value ends at a `#` that may well belong to it.
 *
 * @returns `cut` where nothing else makes sense, `perhaps` where a comment may be meant
 */
export function isCut({ raw }: Assignment): 'cut' | 'perhaps' | 'whole' {
  if (/^["'`]/.test(raw)) return 'whole';
  if (/^#\S|[^\s#]#/.test(raw)) return 'cut';
  return /\s#[^\s#]/.test(raw) ? 'perhaps' : 'whole';
}
