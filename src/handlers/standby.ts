import { takeThreadControl } from '../messenger/handover-protocol';
import { sendQuickReply } from '../messenger/quick-reply';
import type { Handler } from './handler';
import { passToInbox, takeFromInbox, texts } from './texts';

/** The kinds of event that are answered at all on this channel; others are dropped at the door. A rule for a new kind needs it here. */
export const standbyKinds: ReadonlySet<string> = new Set(['quick_reply']);

/** Decides on an event of the `standby` channel: another app, usually the Page Inbox, is in control. */
export const handleStandby: Handler = async ({ psid, content }, { graph }) => {
  if (content.message?.quick_reply?.payload !== takeFromInbox.payload) return 'ignored';

  // The person wants the bot back. Control comes first: until then the bot may not write.
  await takeThreadControl(graph, psid);
  await sendQuickReply(graph, psid, texts.taking, passToInbox.title, passToInbox.payload);
  return 'took_from_inbox';
};
