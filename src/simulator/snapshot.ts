import { offeredReplies } from './conversation';
import type { CustomerView, Snapshot } from './page/types';
import type { Platform } from './platform';
import { PAGE_INBOX } from './settings';

const MOST_CUSTOMERS = 50;
const MOST_WIRE_ENTRIES = 200;

export function takeSnapshot(platform: Platform): Snapshot {
  const { settings, clock, webhooks, trouble, conversations, wire } = platform;
  const nameOwner = (owner: string | undefined): CustomerView['owner'] => {
    if (owner === undefined) return 'nobody';
    if (owner === PAGE_INBOX) return 'inbox';
    return owner === settings.appId ? 'bot' : 'other';
  };
  const shown = [...conversations.values()].slice(0, MOST_CUSTOMERS);
  return {
    now: clock.now(),
    page: { id: settings.pageId, name: settings.pageName },
    appId: settings.appId,
    subscribed: [...webhooks.subscription.pageFields],
    pending: webhooks.pending,
    trouble: { ...trouble },
    customers: shown.map((conversation) => ({
      psid: conversation.psid,
      name: conversation.name,
      owner: nameOwner(platform.ownerOf(conversation)),
      folder: platform.folderOf(conversation),
      blocked: conversation.blocked,
      seenAt: conversation.seenAt,
      bubbles: conversation.bubbles,
      offered: offeredReplies(conversation),
    })),
    moreCustomers: conversations.size - shown.length,
    wire: wire.entries.slice(-MOST_WIRE_ENTRIES).map((entry) => ({
      id: entry.id,
      at: entry.at,
      direction: entry.direction,
      title: entry.title,
      method: entry.method,
      path: entry.path,
      channel: entry.channel,
      status: entry.status,
      ms: entry.ms,
      customer: entry.psid === undefined ? undefined : conversations.get(entry.psid)?.name,
      owner: entry.psid === undefined || entry.status === undefined ? undefined : nameOwner(entry.owner),
    })),
  };
}
