import { INSTAGRAM_INBOX_APP_ID, PAGE_INBOX_APP_ID, type ThreadOwner } from '../../messenger/handover-protocol';

const INBOXES: Readonly<Record<string, string>> = {
  [PAGE_INBOX_APP_ID]: 'The Page Inbox',
  [INSTAGRAM_INBOX_APP_ID]: 'The Instagram Inbox',
};

/** Who owns a conversation, and until when, in words. */
export function describeOwner(owner: ThreadOwner | undefined, ownAppId: string | undefined): string {
  if (!owner) return "Nobody has this conversation: it is idle, and the Page's default application answers next.";
  const { appId, expiration } = owner;
  const until = expiration === undefined ? '' : ` until ${describeTime(expiration)}, and longer if the person writes`;
  return `${nameApp(appId, ownAppId)} has this conversation${until}.`;
}

function nameApp(appId: string, ownAppId: string | undefined): string {
  if (appId === ownAppId) return 'This bot';
  const other = `App ${appId}${ownAppId === undefined ? ' (is that this bot? APP_ID is not set)' : ''}`;
  return INBOXES[appId] ?? other;
}

function describeTime(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime())
    ? `${seconds} s after 1970`
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
