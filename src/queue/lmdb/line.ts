import type { StoredEvent } from '../event-store';

/** A waiting event, as far as its turn is concerned. A hundred thousand of them may wait: it is kept small. */
export interface Waiting {
  readonly sequence: number;
  readonly timestamp: number;
  /** It has failed before, or was put back. */
  repeated: boolean;
  /** An operator has put it back. */
  readonly putBack: boolean;
  /** Some of its calls are through: it goes on before any other. */
  begun: boolean;
  /** The event itself, where it has just come in; otherwise it is read again. */
  event: StoredEvent | undefined;
  /** The one behind it. */
  next: Waiting | undefined;
}

/** The waiting events of one conversation: by timestamp, equal ones as they came. A chain costs less than an array each. */
export interface Line {
  first: Waiting | undefined;
  last: Waiting | undefined;
  /** How many of them have begun: nearly always none, or one. */
  begun: number;
}

/** Puts an event to its place; one that is the newest, as nearly all are, is not compared with the others. */
export function insert(line: Line, waiting: Waiting): void {
  let before: Waiting | undefined;
  if (line.last && isBefore(line.last, waiting)) before = line.last;
  else for (let one = line.first; one && isBefore(one, waiting); one = one.next) before = one;
  waiting.next = before ? before.next : line.first;
  if (before) before.next = waiting;
  else line.first = waiting;
  if (!waiting.next) line.last = waiting;
  if (waiting.begun) line.begun += 1;
}

/** Takes an event out, wherever it stands, and returns it; undefined when it is not there. */
export function takeOut(line: Line, sequence: number): Waiting | undefined {
  let before: Waiting | undefined;
  let one = line.first;
  for (; one && one.sequence !== sequence; one = one.next) before = one;
  if (!one) return undefined;
  if (before) before.next = one.next;
  else line.first = one.next;
  if (line.last === one) line.last = before;
  if (one.begun) line.begun -= 1;
  return one;
}

/** From now on this event goes before all others of its conversation. */
export function begin(line: Line, waiting: Waiting): void {
  if (!waiting.begun) line.begun += 1;
  waiting.begun = true;
}

/** The event whose calls have begun, or else the first one. */
export function nextOf({ first, begun }: Line): Waiting | undefined {
  if (begun > 0) for (let one = first; one; one = one.next) if (one.begun) return one;
  return first;
}

export function isInLine({ first }: Line, sequence: number): boolean {
  for (let one = first; one; one = one.next) if (one.sequence === sequence) return true;
  return false;
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.sequence < b.sequence);
}
