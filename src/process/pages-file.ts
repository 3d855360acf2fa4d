import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as JsonWithPositions from 'jsonc-parser';
import { z } from 'zod';
import { ConfigError, TOKEN } from '../config';
import { mayBeFile } from './environment';

/** A Page as it stands in the file. */
export interface ListedPage {
  readonly id: string;
  readonly name?: string | undefined;
  readonly accessToken: string;
  readonly instagramId?: string | undefined;
}

const MIB = 1024 * 1024;
const LARGEST_MIB = 8;
const MOST_PAGES = 10_000;
/** Whoever reads a list of mistakes puts these right first. */
const MOST_TOLD = 20;

const id = { error: () => 'must be a number between quotes, digits only, like "100200300400500".' };
const name = { error: () => 'must be a text of 1 to 60 characters with a letter in it, without line breaks.' };

const page = { error: () => 'must be an object, {"id": …, "accessToken": …}.' };

const pageSchema = z.strictObject(
  {
    id: z.string(id).regex(/^\d{1,20}$/, id),
    name: z
      .string(name)
      .regex(/^(?=.*\p{L})[^\p{C}\p{Zl}\p{Zp}]{1,60}$/u, name)
      .optional(),
    accessToken: z
      .string({
        error: () =>
          'is missing. Find it in the App Dashboard under Messenger > Settings, "Generate token" beside the Page.',
      })
      .regex(TOKEN, {
        error: () =>
          'holds a space, a quote or another character that no token has. Copy it again from the App Dashboard.',
      }),
    instagramId: z
      .string(id)
      .regex(/^\d{1,20}$/, id)
      .optional(),
  },
  page,
);

const fileSchema = z
  .array(pageSchema, { error: () => 'must be a list: [ … ].' })
  .min(1, { error: () => 'must name one Page at least.' })
  .max(MOST_PAGES, { error: () => `must not name more than ${MOST_PAGES} Pages.` })
  .superRefine((pages, context) => {
    const numbers = new Set<string>();
    const names = new Set<string>();
    const tokens = new Set<string>();
    const once = (seen: Set<string>, place: (string | number)[], value: string | undefined): void => {
      if (value === undefined) return;
      if (seen.has(value)) context.addIssue({ code: 'custom', path: place, message: twice.error });
      seen.add(value);
    };
    for (const [n, page] of pages.entries()) {
      once(numbers, [n, 'id'], page.id);
      once(numbers, [n, 'instagramId'], page.instagramId);
      once(names, [n, 'name'], page.name);
      once(tokens, [n, 'accessToken'], page.accessToken); // each speaks for one Page only
    }
  });
const twice = { error: 'stands in the file already: each one must be there once.' };

/**
 * Reads the file that has the Pages and their tokens.
 *
 * @param file its path
 * @returns at least one Page; each id, name and token is there once
 * @throws {ConfigError} naming the mistakes, each with its line; tokens are never repeated
 */
export function readPagesFile(file: string): readonly ListedPage[] {
  const place = path.resolve(file);
  const giveUp = (problems: readonly string[]): never => {
    throw new ConfigError(problems, `Put it right in ${place} (see docs/pages.md), and start again.`);
  };
  const mistake = (text: string): never => giveUp([text]);
  const text = readText(place, mistake);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return mistake(
      `PAGES_FILE, ${lineOfSyntax(text)}: it is no JSON from here on. Look for a missing quote, comma or bracket.`,
    );
  }
  const { data, error } = fileSchema.safeParse(value);
  if (data) return data;
  const told = describe(error.issues, text);
  const more = told.length - MOST_TOLD;
  return giveUp([...told.slice(0, MOST_TOLD), ...(more > 0 ? [`PAGES_FILE: and ${more} more.`] : [])]);
}

/** Whether others than its owner may read the tokens in a file; not one that has just been taken away. */
export function isOpenToOthers(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return (Number(stats?.mode) & 0o077) !== 0;
}

function readText(place: string, mistake: (text: string) => never): string {
  // Whoever reads a pipe waits for its writer, and everything else with it.
  if (!mayBeFile(place)) mistake(`PAGES_FILE is no regular file: ${place}. Name one.`);
  let text: string;
  try {
    const { size } = statSync(place);
    text = size > LARGEST_MIB * MIB ? '' : readFileSync(place, 'utf8');
  } catch (error) {
    return mistake(
      `PAGES_FILE cannot be read (${(error as Error).message}). See that it is there, and that the user who starts the bot may read it.`,
    );
  }
  if (text === '') mistake(`PAGES_FILE is empty, or larger than ${LARGEST_MIB} MiB: ${place}. Is it the right file?`);
  return text.replace(/^\uFEFF/, ''); // some editors put it there
}

/** Loaded only for a file with a mistake in it. */
function positions(): typeof JsonWithPositions {
  return createRequire(__filename)('jsonc-parser') as typeof JsonWithPositions;
}

function lineOfSyntax(text: string): string {
  const errors: JsonWithPositions.ParseError[] = [];
  positions().parseTree(text, errors, { disallowComments: true });
  return lineAt(text, errors[0]?.offset);
}

function describe(issues: readonly z.core.$ZodIssue[], text: string): readonly string[] {
  const { findNodeAtLocation, parseTree } = positions();
  const root = parseTree(text);
  /** Of what is not there, the line of what it is missing in. */
  const lineOf = (at: (string | number)[]): string => {
    const node = root && findNodeAtLocation(root, at);
    return node || at.length === 0 ? lineAt(text, node?.offset) : lineOf(at.slice(0, -1));
  };
  return issues.flatMap((issue) => {
    const at = issue.path as (string | number)[];
    const field = at.length > 1 ? `${String(at.at(-1))} ` : '';
    if (issue.code !== 'unrecognized_keys') return [`PAGES_FILE, ${lineOf(at)}: ${field}${issue.message}`];
    return issue.keys.map((key) => `PAGES_FILE, ${lineOf([...at, key])}: ${shown(key)} ${unknownName.error}`);
  });
}
const unknownName = { error: 'is not known here: id, name, accessToken and instagramId are.' };

/** Somebody may have put a token in the place of a name. */
function shown(key: string): string {
  return /^\w{1,20}$/.test(key) ? key : 'a name';
}

/** Where the place cannot be told, the first line. */
function lineAt(text: string, offset: number | undefined): string {
  return `line ${text.slice(0, Number(offset)).split('\n').length}`;
}
