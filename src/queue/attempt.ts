import type { Logger } from 'pino';
import { backoff } from './backoff';
import type { EventStore, Lease, Postponement, StoredEvent } from './event-store';
import type { Finding } from './evidence';
import { HOLD_MS, type Ticket } from './gate';
import { createJournal } from './journal';
import type { QueueObserver } from './observer';
import type { Page } from './page';
import type { TrustedTime } from './trusted-time';
import type { HandleEvent, Verdict } from './verdict';

export interface AttemptTools {
  readonly store: EventStore;
  readonly handle: HandleEvent;
  readonly log: Logger;
  readonly time: TrustedTime;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly observer: QueueObserver;
  /** What each log line about an event begins with. */
  readonly about: (event: StoredEvent) => Readonly<Record<string, unknown>>;
  /** How long a call takes at most, in milliseconds. */
  readonly callLimitMs: number;
  /** Makes a change to the store until it succeeds, or the bot stops. */
  readonly save: <Result>(change: () => Promise<Result>) => Promise<Result>;
  /** Looks for more that may start. */
  readonly look: () => void;
  /** Aborted when the bot stops. */
  readonly stopping: AbortSignal;
}

type Failure = Verdict & { readonly kind: 'retry' | 'refused' };

/** After how many failures that are no refusals an event is set aside, once others succeed. */
const MOST_FAILURES = 12;
/** After how many refusals an event that is probably wrong is set aside, when nobody else is refused alike. */
const MOST_REFUSALS_ALONE = 5;
/** What may have been sent is repeated this often, after these times, in milliseconds. */
const UNCERTAIN_DELAYS_MS = [30_000, 5 * 60_000] as const;

/**
 * Makes one attempt at a leased event and does what its verdict asks for.
 *
 * @returns the conversation's next event, when it is to go on at once
 */
export async function attempt(
  { event, signal, leaveBy }: Lease,
  ticket: Ticket,
  page: Page,
  tools: AttemptTools,
): Promise<StoredEvent | undefined> {
  const { store, log, save, stopping, observer, about } = tools;
  const { id, conversation } = event;
  const { gate, evidence } = page;
  const wantsNext = () => !stopping.aborted && !ticket.isProbe;

  const setAside = async (
    reason: string,
    { isExpected, isSaid = false }: { readonly isExpected: boolean; readonly isSaid?: boolean },
  ): Promise<StoredEvent | undefined> => {
    evidence.forget(conversation);
    const next = await save(() => store.setAside(id, reason, wantsNext()));
    log[isSaid ? 'debug' : isExpected ? 'warn' : 'error'](
      { ...about(event), reason },
      'event set aside; see it with: npm run queue -- show ID',
    );
    observer.setAside(event);
    return next;
  };

  const postpone = async (postponement: Postponement): Promise<undefined> => {
    const { delayMs, reason, failed } = postponement;
    if (failed) {
      log.warn(
        { ...about(event), attempt: event.attempts + 1, againInMs: delayMs, reason },
        'event will be tried again',
      );
      observer.failed(event);
    }
    await save(() => store.postpone(id, postponement));
  };

  /** What has failed waits longer each time. */
  const tryAgain = (reason: string, mayBeSent: boolean): Promise<undefined> => {
    const delayMs = mayBeSent ? UNCERTAIN_DELAYS_MS[event.uncertain] : undefined;
    const postponement = { reason, failed: true, mayBeSent };
    return postpone({ ...postponement, delayMs: delayMs ?? backoff(event.attempts + 1, tools.random()) });
  };

  if (tools.time.isOver(event)) {
    await save(() => gate.probeAgain(ticket));
    return setAside('It is older than 24 hours: the messaging window is over.', { isExpected: true });
  }

  const witness = evidence.begin(conversation, id);
  const journal = createJournal(event, {
    signals: [signal, stopping],
    turn: async () => {
      observer.paced(await page.pace.turn(stopping));
      tools.look(); // somebody else may line up, however long this call takes
    },
    lets: () => gate.lets(ticket),
    leaveBy: () => leaveBy(tools.callLimitMs),
    succeeded: () => {
      witness.succeeded();
    },
    save: (index, call) => save(() => store.noteCall(id, index, call)),
  });
  const verdict = await tools.handle(event, journal);
  if (verdict.kind === 'done') {
    await save(() => (journal.successes() > 0 ? gate.open(ticket) : gate.probeAgain(ticket)));
    evidence.forget(conversation);
    await journal.forget();
    const next = await save(() => store.finish(id, wantsNext()));
    observer.done(event, event.calls.length + journal.successes() > 0);
    return next;
  }
  await journal.saved();

  switch (verdict.kind) {
    case 'held_back':
      await save(() => gate.probeAgain(ticket));
      await store.release(id); // nothing to write down
      return undefined;
    case 'pause':
    case 'hold': {
      const { kind, reason } = verdict;
      await save(() => gate.close(ticket, { kind, reason, forMs: kind === 'pause' ? verdict.forMs : HOLD_MS }));
      return postpone({ delayMs: 0, reason, failed: ticket.isProbe, mayBeSent: false });
    }
    case 'retry':
    case 'refused': {
      const finding = verdict.cause === undefined ? undefined : witness.failed(verdict.kind, verdict.cause);
      await save(() => tellGate(verdict, finding));
      const why = whyToGiveUp(verdict, event, finding);
      if (why === undefined) return tryAgain(verdict.reason, verdict.kind === 'retry' && verdict.mayBeSent);
      return setAside(`${why}${verdict.reason}`, verdict.kind === 'refused' ? verdict : { isExpected: false });
    }
  }

  /** What a failure of this event says about its whole Page. */
  function tellGate(failure: Failure, finding: Finding | undefined): Promise<void> {
    const { kind, reason } = failure;
    const isSurelyItsOwn = kind === 'refused' && failure.scope === 'event';
    if (journal.successes() > 0) return gate.open(ticket);
    if (finding?.isEverybodys)
      return gate.close(ticket, {
        kind: kind === 'refused' ? 'hold' : 'pause',
        reason: `Several people in a row fail alike and nobody succeeds: the fault is the app's or the Page's. Look at both in the App Dashboard and in the Page's Support Inbox. The last one: ${reason}`,
        forMs: undefined,
      });
    if (isSurelyItsOwn) return gate.probeAgain(ticket);
    return gate.keepClosed(ticket, reason); // it has not shown that calls succeed
  }
}

/** What to say before the reason when an event is given up; undefined when it is tried again. */
function whyToGiveUp(failure: Failure, { uncertain }: StoredEvent, finding: Finding | undefined): string | undefined {
  const { isEverybodys = false, othersSucceed = false, isAlone = false, times = 0 } = finding ?? {};
  if (failure.kind === 'retry') {
    if (failure.mayBeSent && uncertain >= UNCERTAIN_DELAYS_MS.length) {
      return 'The message may have been sent already, up to three times, and is not repeated again. ';
    }
    return times >= MOST_FAILURES && othersSucceed
      ? `It has failed ${times} times while others were answered. `
      : undefined;
  }
  if (isEverybodys) return undefined;
  if (failure.scope === 'event') return '';
  if (othersSucceed) return 'It was refused again while others were answered. ';
  const isGivenUp = failure.scope === 'probably_event' && isAlone && times >= MOST_REFUSALS_ALONE;
  return isGivenUp ? `It was refused ${times} times. ` : undefined;
}
