import type { CompletedCall, StoredEvent } from '../event-store';

/** An event as the database gives it. */
export interface EventRow {
  readonly id: string;
  readonly seq: number | string;
  readonly page: string;
  readonly conversation: string;
  readonly happened_at: number;
  readonly received_at: number;
  readonly payload: string;
  readonly state: 'waiting' | 'set_aside';
  readonly attempts: number;
  readonly uncertain: number;
  readonly calls: string;
  readonly reason: string | null;
  readonly ended_at: number | null;
  readonly retried_at: number | null;
}

/** Reads an event that waits or is set aside. */
export function fromRow(row: EventRow): StoredEvent {
  const { reason, ended_at: endedAt, retried_at: retriedAt } = row;
  return {
    id: row.id,
    page: row.page,
    conversation: row.conversation,
    timestamp: row.happened_at,
    payload: JSON.parse(row.payload) as unknown,
    state: row.state,
    receivedAt: row.received_at,
    attempts: row.attempts,
    uncertain: row.uncertain,
    calls: JSON.parse(row.calls) as readonly CompletedCall[],
    ...(reason !== null && { reason }),
    ...(endedAt !== null && { endedAt }),
    ...(retriedAt !== null && { retriedAt }),
  };
}

/** A text as the database takes it: it knows no character 0. */
export function toText(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}
