import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'dotenv';

/** A line of `.env` that sets something. */
export interface Assignment {
  readonly name: string;
  /** As it stands in the file, quotes and comments included. Secret. */
  readonly raw: string;
  /** What the bot takes it for. Secret. */
  readonly value: string | undefined;
}

/** The file `.env` in the folder that the program was started in, as it stands on disk. */
export interface EnvFile {
  /** Its full path, whether it is there or not. */
  readonly place: string;
  /** Undefined when it is not there or cannot be read. */
  readonly assignments: readonly Assignment[] | undefined;
  /** Its permissions, like 0o600, where it is there. */
  readonly mode: number | undefined;
  /** Why it is there but cannot be read, and what to do. */
  readonly trouble: readonly [why: string, remedy: string] | undefined;
}

const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)\s*=[ \t]*(.*)$/gm;

/** Reads `.env` without taking anything over from it. */
export function readEnvFile(): EnvFile {
  const place = path.resolve('.env');
  const stats = attempt(() => statSync(place));
  const broken = (...trouble: readonly [string, string]) => ({ assignments: undefined, trouble });
  const read = (): Pick<EnvFile, 'assignments' | 'trouble'> => {
    // Whoever reads a pipe waits for its writer.
    if (!stats?.isFile()) return broken('is no regular file', 'Put the values into a file of that name.');
    const bytes = attempt(() => readFileSync(place));
    if (!bytes) return broken('cannot be read', 'Run this as the user who runs the bot.');
    if (bytes.includes(0)) return broken('is in UTF-16, which the bot does not read', 'Save it as UTF-8.');
    return { assignments: findAssignments(bytes.toString('utf8').replaceAll('\r', '')), trouble: undefined };
  };
  return stats
    ? { place, mode: stats.mode & 0o777, ...read() }
    : { place, mode: undefined, assignments: undefined, trouble: undefined };
}

function findAssignments(text: string): readonly Assignment[] {
  const values: Readonly<Record<string, string>> = parse(text);
  return Array.from(text.matchAll(ASSIGNMENT), ([, name, raw]) => ({
    ...{ name: String(name), raw: String(raw) },
    value: values[String(name)],
  }));
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
export function isCut({ raw, value }: Assignment): 'cut' | 'perhaps' | 'whole' {
  const isQuoted = /^["'`]/.test(raw) && !value?.startsWith(raw.charAt(0)); // quotes that are not closed stay in the value
  if (isQuoted) return 'whole';
  if (/^#\S|^[^#]*[^\s#]#/.test(raw)) return 'cut';
  return /^[^#]*\s#[^\s#]/.test(raw) ? 'perhaps' : 'whole';
}
