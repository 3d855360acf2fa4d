import {
  INSTAGRAM_INBOX_APP_ID,
  PAGE_INBOX_APP_ID,
  isThisApp,
  passThreadControl,
} from '../messenger/handover-protocol';
import { sendQuickReply } from '../messenger/quick-reply';
import type { Handler } from './handler';
import { passToInbox, takeFromInbox, texts } from './texts';

/** The kinds of event that are answered at all on this channel; others are dropped at the door. A rule for a new kind needs it here. */
export const messagingKinds: ReadonlySet<string> = new Set([
  'message',
  'quick_reply',
  'postback',
  'pass_thread_control',
  'request_thread_control',
]);

/** Decides on an event of the `messaging` channel: the bot is in control of the conversation. */
export const handleMessaging: Handler = async (event, { graph, appId }) => {
  const { psid, content } = event;
  const { message, postback } = content;
  const passedTo = content.pass_thread_control?.new_owner_app_id;
  const requestedBy = content.request_thread_control?.requested_owner_app_id;

  if (message?.quick_reply?.payload === passToInbox.payload) {
    // The person wants to talk to a human. The message goes first: once control is passed, the bot may not write.
    await sendQuickReply(graph, psid, texts.passing, takeFromInbox.title, takeFromInbox.payload);
    await passThreadControl(graph, psid, event.object === 'instagram' ? INSTAGRAM_INBOX_APP_ID : PAGE_INBOX_APP_ID);
    return 'passed_to_inbox';
  }

  if (passedTo !== undefined && isThisApp(passedTo, appId)) {
    // The agent marked the conversation "Done" in the Page Inbox.
    await sendQuickReply(graph, psid, texts.passedBack, passToInbox.title, passToInbox.payload);
    return 'welcomed_back';
  }

  if (requestedBy !== undefined) {
    // Another app asks for the conversation.
    await passThreadControl(graph, psid, requestedBy);
    return 'passed_to_app';
  }

  if (message || postback) {
    await sendQuickReply(graph, psid, texts.welcome, passToInbox.title, passToInbox.payload);
    return 'welcomed';
  }

  return 'ignored';
};
