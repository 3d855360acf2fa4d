import type { StoredEvent } from '../../queue/event-store';
import { clean, formatJson } from '../plain';

/** How many of the events that were listed are in which state. */
export type Counts = Readonly<Record<StoredEvent['state'], number>>;

/** How a list is written, event by event: nothing of it is known before. */
export interface ListFormat {
  readonly row: (event: StoredEvent, isFirst: boolean) => string;
  /** `isWhole`: all could be read. */
  readonly end: (counts: Counts, isWhole: boolean) => string;
}

type Column = readonly [head: string, width: number, cell: (event: StoredEvent) => string];

/**
 * A table, an event a line. What is too long is cut off, but not an id: it is what the other commands want.
 *
 * @param now milliseconds since 1970, for how long an event has been there
 * @param texts whether to show what the person wrote
 */
export function tableFormat(now: number, texts: boolean): ListFormat {
  const columns: readonly Column[] = [
    ['ID', 24, ({ id }) => clean(id)],
    ['STATE', 9, stateOf],
    ['SINCE', 7, ({ endedAt, receivedAt }) => age(now - (endedAt ?? receivedAt))],
    ['TRIES', 5, ({ attempts }) => String(attempts)],
    ['CONVERSATION', 45, ({ conversation }) => shorten(conversation, 45)],
    ...(texts ? [['TEXT', 60, (event) => shorten(textOf(event), 60)] satisfies Column] : []),
    ['REASON', 80, ({ reason = '' }) => shorten(reason, 80)],
  ];
  const line = (cell: (column: Column) => string) =>
    `${columns
      .map((column) => cell(column).padEnd(column[1]))
      .join('  ')
      .trimEnd()}\n`;
  return {
    row: (event, isFirst) => `${isFirst ? line(([head]) => head) : ''}${line(([, , cell]) => cell(event))}`,
    end: ({ waiting, set_aside: aside }, isWhole) =>
      isWhole && waiting + aside === 0
        ? 'Nothing of this kind waits or was set aside.\n'
        : `\n${waiting} waiting, ${aside} set aside.\n`,
  };
}

/** One JSON array, whatever comes. */
export function jsonFormat(texts: boolean): ListFormat {
  return {
    row: (event, isFirst) => `${isFirst ? '[' : ','}\n  ${formatJson(visible(event, texts)).replaceAll('\n', '\n  ')}`,
    end: ({ waiting, set_aside: aside }) => (waiting + aside === 0 ? '[]\n' : '\n]\n'),
  };
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

/** An event without what the person wrote, unless it is asked for; answers may quote it too. */
export function visible({ payload, calls, ...rest }: StoredEvent, texts: boolean): object {
  return { ...rest, calls: calls.map(({ path }) => path), ...(texts && { payload }) };
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

function shorten(text: string, width: number): string {
  const line = clean(text);
  return line.length > width ? `${clean(line.slice(0, width - 1)).trimEnd()}…` : line;
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return '<1 min';
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}
