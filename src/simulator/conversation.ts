import type { Bubble } from './page/types';

export type { Bubble } from './page/types';

/** One person's conversation with the Page. */
export interface Conversation {
  readonly psid: string;
  readonly name: string;
  /** The app in control; undefined while the conversation is idle. */
  owner: string | undefined;
  /** When control ends, simulated milliseconds. */
  ownedUntil: number;
  /** When the person last wrote; undefined if never. The 24-hour window counts from here. */
  lastWroteAt: number | undefined;
  /** When the person last looked. */
  seenAt: number;
  blocked: boolean;
  readonly bubbles: Bubble[];
}

/** Older bubbles are forgotten, so that long runs stay small. */
const MOST_BUBBLES = 200;

export function createConversation(psid: string, name: string): Conversation {
  return {
    psid,
    name,
    owner: undefined,
    ownedUntil: 0,
    lastWroteAt: undefined,
    seenAt: 0,
    blocked: false,
    bubbles: [],
  };
}

export function addBubble({ bubbles }: Conversation, bubble: Bubble): void {
  bubbles.push(bubble);
  if (bubbles.length > MOST_BUBBLES) bubbles.shift();
}

/** The buttons that can be tapped: those of the last message, until another one comes. */
export function offeredReplies({ bubbles }: Conversation): Bubble['quickReplies'] {
  return bubbles.at(-1)?.quickReplies ?? [];
}
