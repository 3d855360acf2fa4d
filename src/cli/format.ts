import type { StoredEvent } from '../queue/event-store';

/** Control characters would let a stranger's text play tricks with the terminal. */
const CONTROL_CHARACTERS = /\p{Cc}+/gu;

const REASON_WIDTH = 80;

type Column = readonly [head: string, cell: (event: StoredEvent) => string];

/**
 * The events as a table, one a line.
 *
 * @param now milliseconds since 1970, for how long an event has been there
 * @param texts whether to show what the person wrote
 */
export function formatTable(events: readonly StoredEvent[], now: number, texts: boolean): string {
  if (events.length === 0) return 'Nothing waits, and nothing was set aside.\n';
  const cells: readonly Column[] = [
    ['ID', (event) => event.id],
    ['STATE', (event) => stateOf(event)],
    ['SINCE', (event) => age(now - (event.endedAt ?? event.receivedAt))],
    ['TRIES', (event) => String(event.attempts)],
    ['CONVERSATION', (event) => event.conversation],
    ...(texts ? [['TEXT', (event) => shorten(textOf(event))] satisfies Column] : []),
    ['REASON', (event) => shorten(event.reason ?? '')],
  ];
  const columns = cells.map(([head, cell]) => {
    const width = Math.max(head.length, ...events.map((event) => cell(event).length));
    return { head: head.padEnd(width), cell: (event: StoredEvent) => cell(event).padEnd(width) };
  });
  const lines = [columns.map(({ head }) => head), ...events.map((event) => columns.map(({ cell }) => cell(event)))].map(
    (row) => row.join('  ').trimEnd(),
  );
  const waiting = events.filter(({ state }) => state === 'waiting').length;
  return `${lines.join('\n')}\n\n${waiting} waiting, ${events.length - waiting} set aside.\n`;
}

/** One event, a fact a line. */
export function formatDetails(event: StoredEvent, texts: boolean): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['id', event.id],
    ['state', stateOf(event)],
    ['reason', event.reason],
    ['conversation', event.conversation],
    ['happened', time(event.timestamp)],
    ['received', time(event.receivedAt)],
    ['set aside', event.endedAt === undefined ? undefined : time(event.endedAt)],
    ['put back', event.retriedAt === undefined ? undefined : time(event.retriedAt)],
    ['tries', String(event.attempts)],
    ['calls made', event.calls.map(({ path }) => path).join(', ') || 'none'],
    ['text', texts ? textOf(event) : '(add --texts to see it)'],
  ];
  return facts
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(14)}${clean(value)}\n`]))
    .join('');
}

function stateOf({ state }: StoredEvent): string {
  return state === 'waiting' ? 'waiting' : 'set aside';
}

function textOf({ payload }: StoredEvent): string {
  return JSON.stringify((payload as { content?: unknown }).content ?? payload);
}

function time(ms: number): string {
  return Number.isNaN(new Date(ms).getTime()) ? String(ms) : new Date(ms).toISOString();
}

function shorten(text: string): string {
  const line = clean(text);
  return line.length > REASON_WIDTH ? `${line.slice(0, REASON_WIDTH - 1)}…` : line;
}

function clean(text: string): string {
  return text.replaceAll(CONTROL_CHARACTERS, ' ');
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return '<1 min';
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}
