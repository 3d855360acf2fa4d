import { EventEmitter } from 'node:events';

/** One exchange between the platform and the bot. */
export interface WireEntry {
  readonly id: number;
  /** Simulated milliseconds since 1970. */
  readonly at: number;
  /** `webhook`: the platform calls the bot. `graph`: the bot calls Graph. `note`: something happened on the platform's side. */
  readonly direction: 'webhook' | 'graph' | 'note';
  /** What it is about, in a few words. */
  readonly title: string;
  readonly method: string;
  readonly path: string;
  /** The answer's status; 0 where none came; undefined while it is awaited. */
  status: number | undefined;
  ms: number | undefined;
  readonly psid: string | undefined;
  /** On which channel a webhook goes out, where it carries one event. */
  readonly channel?: 'messaging' | 'standby' | undefined;
  /** Who owned the conversation when it was over. */
  owner: string | undefined;
  readonly request: unknown;
  response: unknown;
  /** The bytes that were posted and their signature, for a webhook. */
  readonly raw?: { readonly body: string; readonly signature: string };
}

const MOST_ENTRIES = 2_000;

/** Everything that goes over the wire, the newest last; emits `change`. */
export class Wire extends EventEmitter<{ change: [] }> {
  private readonly kept: WireEntry[] = [];
  private last = 0;

  get entries(): readonly WireEntry[] {
    return this.kept;
  }

  /** How many there have been, forgotten ones included. */
  get total(): number {
    return this.last;
  }

  add(entry: Omit<WireEntry, 'id' | 'status' | 'ms' | 'response'>): WireEntry {
    this.last += 1;
    const added: WireEntry = { ...entry, id: this.last, status: undefined, ms: undefined, response: undefined };
    this.kept.push(added);
    if (this.kept.length > MOST_ENTRIES) this.kept.shift();
    this.emit('change');
    return added;
  }

  /** Notes the answer. */
  finish(entry: WireEntry, answer: Pick<WireEntry, 'status' | 'ms' | 'owner' | 'response'>): void {
    Object.assign(entry, answer);
    this.emit('change');
  }

  find(id: number): WireEntry | undefined {
    return this.kept.find((entry) => entry.id === id);
  }

  clear(): void {
    this.kept.length = 0;
    this.emit('change');
  }
}
