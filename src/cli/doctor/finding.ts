import type { Site } from './site';

/** Fine, wrong, or nobody can tell from here. */
export type Mark = 'ok' | 'wrong' | 'unknown';

/** What a check has found, in plain words. */
export interface Finding {
  readonly mark: Mark;
  readonly text: string;
  /** What a person can do about it. */
  readonly remedy: string | undefined;
}

/** One question about the set-up. It changes nothing. */
export interface Check {
  /** What it is about, in a word or three. */
  readonly name: string;
  /** What it is about: a Page, or all that the Pages have in common. */
  readonly scope?: 'page';
  /** It has something to look at only where there is a list of Pages. */
  readonly ofList?: true;
  /**
   * Looks.
   *
   * @returns what it has found; nothing where there is nothing to look at
   * @throws {NotChecked} when it cannot look
   * @throws {GraphError} when Graph fails it
   */
  readonly look: (site: Site) => Finding[] | Promise<Finding[]>;
}

export function ok(text: string): Finding {
  return { mark: 'ok', text, remedy: undefined };
}

export function wrong(text: string, remedy: string): Finding {
  return { mark: 'wrong', text, remedy };
}

export function unknown(text: string, remedy?: string): Finding {
  return { mark: 'unknown', text, remedy };
}
