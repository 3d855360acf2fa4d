import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { forget, isAtItsPlace, readLeft } from './left-lines';

/** The file beside the data file. */
const NOTES_FILE = 'ended';
/** An id and a number, which the first version did not write. What a power cut or a full disk has spoiled is neither. */
const NOTE = /^([\x21-\x7e]{1,64})(?: (\d+))?$/;

/** That an event has ended. An id alone can be that of a later event, when the first one has been forgotten. */
export interface EndedNote {
  readonly id: string;
  readonly sequence: number | undefined;
}

/**
 * Notes of events that have just ended. A line here is in the system's hands at once and outlives a kill of the process, at a
 * hundredth of what a flushed change costs; so an end need not be flushed by itself, and an answered event is not answered
 * again. Only a power cut can take the last lines.
 */
export interface EndedNotes {
  /** Notes an end; false where that is not possible (a full disk). */
  add(id: string, sequence: number): boolean;
  /** What has been noted, also by an earlier process. */
  left(): EndedNote[];
  /** Forgets what an earlier process has left. */
  forgetLeft(): void;
  /** Empties the file: the data file knows everything that was noted, and the log none of it any more. */
  empty(): void;
  /** Looks whether the file is where it belongs; if not, the next line goes into a new one. */
  check(): void;
  /** Closes the file, and removes it unless it is to be kept, or is another one's by now. */
  close(keep: boolean): void;
}

export function createEndedNotes(folder: string): EndedNotes {
  const file = path.join(folder, NOTES_FILE);
  let open: number | undefined;

  const leave = (): void => {
    const place = open;
    open = undefined;
    if (place !== undefined) closeSync(place);
  };

  return {
    add(id, sequence) {
      const line = `\n${id} ${sequence}`; // so that a line which a full disk has cut off spoils no other
      try {
        open ??= openSync(file, 'a', 0o600);
        return writeSync(open, line) === line.length;
      } catch {
        return false;
      }
    },
    left: () =>
      readLeft(file).flatMap((line) => {
        const [, id, sequence] = NOTE.exec(line) ?? [];
        return id === undefined ? [] : { id, sequence: sequence === undefined ? undefined : Number(sequence) };
      }),
    forgetLeft() {
      forget(file);
    },
    empty() {
      try {
        if (open !== undefined) ftruncateSync(open);
      } catch {
        // It is the next time; until then its lines do no harm.
      }
    },
    check() {
      if (open !== undefined && !isAtItsPlace(open, file)) leave();
    },
    close(keep) {
      if (!keep && open !== undefined && isAtItsPlace(open, file)) forget(file);
      leave();
    },
  };
}
