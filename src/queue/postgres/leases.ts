import type { Clock } from '../../process/clock';
import type { EventStore, Lease, StoredEvent } from '../event-store';
import { ANSWER_LIMIT_MS, type Database } from './database';
import type { DatabaseClock } from './database-clock';
import { fromRow, toText, type EventRow } from './row';

/** How long a conversation is an instance's own after the last news of it, by the database's clock. */
export const LEASE_MS = 20_000;
/** How often leases are made longer, and how soon after that has failed. */
const RENEW_EVERY_MS = 5_000;
const RENEW_AGAIN_MS = 1_000;

/** A leased conversation. */
interface Hold {
  readonly name: string;
  /** Tells this lease from every other one. */
  readonly lease: string;
  readonly lost: AbortController;
  /** Until when it lasts at least, by the monotonic and by the wall clock: a machine that is put to sleep stops the one of them. */
  until: number;
  wallUntil: number;
}

/** An event that is being handled. */
interface Held {
  readonly hold: Hold;
  readonly record: StoredEvent;
}

export interface LeasesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly time: Pick<DatabaseClock, 'now'>;
  /** The database's time as tests have it; null: its own. */
  readonly given: () => number | null;
  /** Told when other instances have taken over what was this one's. */
  readonly onLost: (conversations: number) => void;
}

type Leasing = Pick<EventStore, 'lease' | 'release' | 'noteCall' | 'finish' | 'setAside' | 'postpone'>;

/** Leasing conversations, and what becomes of a leased event: only whoever holds the lease changes anything. */
export function createLeases(options: LeasesOptions): Leasing & {
  /** Makes leases longer where that is overdue: this process stood still. */
  readonly catchUp: () => Promise<void>;
  readonly close: () => Promise<void>;
} {
  const { database, clock, time, given, onLost } = options;
  const events = new Map<string, Held>();
  /** Those of which it is being written down that they have ended: that may have happened, though nobody has heard of it. */
  const ending = new Set<Held>();
  let renewing: Promise<void> | undefined;
  let hasClosed = false;
  let cancelRenewal: (() => void) | undefined;

  /** From when it is asked for: the database grants it later, so that it lasts longer there than it is believed here. */
  const lastingFrom = (askedAt: number, askedAtWall: number) => ({
    until: askedAt + LEASE_MS,
    wallUntil: askedAtWall + LEASE_MS,
  });

  const lasts = ({ until, wallUntil, lost }: Hold, ms: number): boolean =>
    !lost.signal.aborted && until - clock.monotonic() > ms && wallUntil - clock.now() > ms;

  const drop = (id: string, { hold }: Held): void => {
    events.delete(id);
    hold.lost.abort();
  };

  const renewAll = async (): Promise<void> => {
    const all = [...events];
    if (all.length === 0) return;
    const from = lastingFrom(clock.monotonic(), clock.now());
    const kept = await database.urgent<{ renewed: string }>(
      'select messenger_bot.renew_leases($1, $2, $3, $4) as renewed',
      [all.map(([, { hold }]) => hold.name), all.map(([, { hold }]) => hold.lease), LEASE_MS, given()],
    );
    const leases = new Set(kept.map(({ renewed }) => renewed));
    let gone = 0;
    for (const [id, held] of all) {
      if (leases.has(held.hold.lease)) Object.assign(held.hold, from);
      else if (events.get(id) === held && !ending.has(held)) {
        drop(id, held); // who has ended it meanwhile is not asked
        gone += 1;
      }
    }
    if (gone > 0) onLost(gone);
  };

  /** Makes all leases longer now; whoever asks meanwhile gets the same answer. */
  const renew = (): Promise<void> => {
    renewing ??= renewAll().finally(() => (renewing = undefined));
    return renewing;
  };

  const renewOn = (ms = RENEW_EVERY_MS): void => {
    cancelRenewal ??= clock.after(ms, () => {
      cancelRenewal = undefined;
      renew().then(
        () => {
          if (events.size > 0 && !hasClosed) renewOn();
        },
        () => {
          if (!hasClosed) renewOn(RENEW_AGAIN_MS);
        },
      );
    });
  };

  const take = (hold: Hold, row: EventRow): StoredEvent => {
    const record = fromRow(row);
    events.set(record.id, { hold, record });
    renewOn();
    return record;
  };

  const leaseOne = (name: string, lease: string, row: EventRow, from: Pick<Hold, 'until' | 'wallUntil'>): Lease => {
    const hold = { name, lease, lost: new AbortController(), ...from };
    return {
      event: take(hold, row),
      signal: hold.lost.signal,
      leaveBy: async (callMs) => {
        if (!lasts(hold, callMs) && !hold.lost.signal.aborted) await renew().catch(() => undefined);
        return lasts(hold, callMs) ? hold.until - callMs : undefined;
      },
    };
  };

  const leaseSome = async (page: string, isRepeated: boolean, most: number): Promise<Lease[]> => {
    if (most <= 0) return [];
    const from = lastingFrom(clock.monotonic(), clock.now());
    const rows = await database.query<{ lease: string; event: EventRow }>(
      'select lease, event from messenger_bot.lease_conversations($1, $2, $3, $4, $5, $6)',
      [page, isRepeated, most, LEASE_MS, time.now() + ANSWER_LIMIT_MS, given()],
    );
    return rows.map(({ lease, event }) => leaseOne(event.conversation, lease, event, from));
  };

  /** Asks for the end of a lease. */
  const askEnd = async <Row extends object>(held: Held, text: string, values: readonly unknown[]) => {
    ending.add(held);
    try {
      return await database.query<Row>(text, [held.hold.name, held.hold.lease, ...values]);
    } finally {
      ending.delete(held);
    }
  };

  const end = async (id: string, state: string, reason: string | null, wantsNext: boolean) => {
    const held = events.get(id);
    if (!held) return undefined;
    const { hold } = held;
    const from = lastingFrom(clock.monotonic(), clock.now());
    const [row] = await askEnd<{ held: boolean; event: EventRow | null }>(
      held,
      'select held, event from messenger_bot.end_event($1, $2, $3, $4, $5, $6, $7, $8)',
      [id, state, reason, wantsNext, LEASE_MS, given()],
    );
    events.delete(id);
    if (!row?.event) return undefined;
    Object.assign(hold, from);
    return take(hold, row.event);
  };

  return {
    lease: async (page, first, repeated) => [
      ...(await leaseSome(page, false, first)),
      ...(await leaseSome(page, true, repeated)),
    ],
    release: async (id) => {
      const held = events.get(id);
      if (!held) return;
      events.delete(id); // where that cannot be written down, the lease runs out
      await database.query(
        'update messenger_bot.conversations set lease = null, leased_until = null where name = $1 and lease = $2',
        [held.hold.name, held.hold.lease],
      );
    },
    noteCall: async (id, index, call) => {
      const held = events.get(id);
      if (!held) return;
      const record = { ...held.record, calls: [...held.record.calls.slice(0, index), call], uncertain: 0 };
      const [row] = await database.query<{ held: boolean }>('select messenger_bot.note_calls($1, $2, $3, $4) as held', [
        held.hold.name,
        held.hold.lease,
        id,
        JSON.stringify(record.calls),
      ]);
      if (row?.held) events.set(id, { ...held, record });
      else drop(id, held);
    },
    finish: (id, wantsNext) => end(id, 'done', null, wantsNext),
    setAside: (id, reason, wantsNext) => end(id, 'set_aside', toText(reason), wantsNext),
    postpone: async (id, { delayMs, reason, failed, mayBeSent }) => {
      const held = events.get(id);
      if (!held) return;
      await askEnd(held, 'select messenger_bot.postpone_event($1, $2, $3, $4, $5, $6, $7, $8)', [
        ...[id, delayMs, toText(reason), failed, mayBeSent, given()],
      ]);
      events.delete(id);
    },
    catchUp: async () => {
      const overdueAt = clock.monotonic() + LEASE_MS / 2;
      if ([...events.values()].some(({ hold }) => hold.until < overdueAt)) await renew();
    },
    close: async () => {
      hasClosed = true;
      cancelRenewal?.();
      await renewing?.catch(() => undefined);
      const left = [...events];
      for (const [id, held] of left) drop(id, held);
      if (left.length === 0) return;
      await database.query(
        `update messenger_bot.conversations c set lease = null, leased_until = null
         from unnest($1::text[], $2::bigint[]) as h (name, lease) where c.name = h.name and c.lease = h.lease`,
        [left.map(([, { hold }]) => hold.name), left.map(([, { hold }]) => hold.lease)],
      );
    },
  };
}
