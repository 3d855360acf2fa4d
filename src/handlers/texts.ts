/*
 * What the bot says, exactly as in the tutorial, blanks and blank lines included. Change a text here: at most 2,000
 * characters for a text, 20 for a title. A new button needs a payload of its own, and a rule for it in messaging.ts or
 * standby.ts.
 */

interface Button {
  readonly title: string;
  readonly payload: string;
}

export const passToInbox: Button = { title: 'Pass to Inbox', payload: 'pass_to_inbox' };
export const takeFromInbox: Button = { title: 'Take From Inbox', payload: 'take_from_inbox' };

export const texts = {
  welcome: 'Welcome! The bot is currently in control. \n\n Tap "Pass to Inbox" to pass control to the Page Inbox.',
  passing:
    'The Primary Receiver is passing control to the Page Inbox. \n\n Tap "Take From Inbox" to have the Primary Receiver take control back.',
  passedBack:
    'You passed control back to the Primary Receiver by marking "Done" in the Page Inbox. \n\n Tap "Pass to Inbox" to pass control to the Page Inbox.',
  taking:
    'The Primary Receiver is taking control back. \n\n Tap "Pass to Inbox" to pass thread control to the Page Inbox.',
} as const;
