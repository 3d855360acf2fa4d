import type { GraphApi } from '../messenger/graph-api';
import type { WebhookEvent } from '../webhook/events';

/** An event of a known person. */
export interface PersonEvent extends WebhookEvent {
  readonly psid: string;
}

export interface HandlerContext {
  /** The way out. Await one call before making the next: their order matters. */
  readonly graph: GraphApi;
  /** This app's id, where it is configured. */
  readonly appId: string | undefined;
}

/** What the bot did about an event, for log and metrics. `ignored` means that nothing was sent. */
export type Outcome =
  'welcomed' | 'passed_to_inbox' | 'welcomed_back' | 'took_from_inbox' | 'passed_to_app' | 'ignored';

/**
 * Decides on one event. A handler is a plain function from an event to a few helper calls, awaited in order; it knows
 * nothing of retries or other events.
 */
export type Handler = (event: PersonEvent, context: HandlerContext) => Promise<Outcome>;
