import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/** The file beside the data file. */
const NOTES_FILE = 'ended';
/** What a power cut or a full disk has spoiled is no id. */
const isId = (line: string) => /^[\x21-\x7e]{1,64}$/.test(line);
/** From this size on the file is removed as soon as the data file knows all that stands in it. */
const LARGE = 64 * 1024;

/**
 * Ids of events that have just ended. A line here is in the system's hands at once and outlives a kill of the process, at a
 * hundredth of what a flushed change costs; so an end need not be flushed by itself, and an answered event is not answered
 * again. Only a power cut can take the last lines.
 */
export interface EndedNotes {
  /** Notes an id; false where that is not possible (a full disk). */
  add(id: string): boolean;
  /** What an earlier process has left. */
  left(): string[];
  /** The data file knows everything that was noted. */
  areKnown(): void;
  /** Forgets everything; the next line goes into a new file. */
  clear(): void;
  /** Leaves the file as it is. */
  close(): void;
}

export function createEndedNotes(folder: string): EndedNotes {
  const file = path.join(folder, NOTES_FILE);
  let open: number | undefined;
  let size = 0;

  const close = (): void => {
    if (open !== undefined) closeSync(open);
    open = undefined;
  };
  const clear = (): void => {
    close();
    size = 0;
    try {
      rmSync(file, { force: true });
    } catch {
      // Its lines say what the data file knows, too.
    }
  };

  return {
    add(id) {
      const line = `\n${id}`; // so that a line which a full disk has cut off spoils no other
      try {
        open ??= openSync(file, 'a', 0o600);
        size += line.length;
        return writeSync(open, line) === line.length;
      } catch {
        return false;
      }
    },
    left() {
      try {
        return readFileSync(file, 'latin1').split('\n').filter(isId);
      } catch {
        return [];
      }
    },
    areKnown() {
      if (size > LARGE) clear();
    },
    clear,
    close,
  };
}
