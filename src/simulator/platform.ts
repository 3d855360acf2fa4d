import type { SimulatedClock } from './clock';
import { addBubble, createConversation, offeredReplies, type Bubble, type Conversation } from './conversation';
import { graphErrors } from './graph-error';
import { rightAccess, type Access } from './page-token';
import { chance } from './random';
import { DAY, PAGE_INBOX, type Field, type Settings } from './settings';
import { noTrouble, type Trouble } from './trouble';
import { createWebhooks, type Webhooks } from './webhooks';
import { Wire } from './wire';

/*
 * The platform's side of a Page's conversations: who may write, who is told, and who is in control.
 * https://developers.facebook.com/docs/messenger-platform/conversation-routing
 */

/** A wish that the simulated platform cannot fulfil; the message says why, for the person who made it. */
export class SimulatorError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A message that an app sends. */
export interface OutgoingMessage {
  readonly text: string;
  readonly quickReplies: Bubble['quickReplies'];
}

const TITLE_LIMIT = 20;

export class Platform {
  readonly conversations = new Map<string, Conversation>();
  readonly trouble: Trouble = { ...noTrouble };
  readonly access: Access = { ...rightAccess };
  readonly wire = new Wire();
  readonly webhooks: Webhooks;
  /** What `messenger_profile` has been told. */
  profile: Readonly<Record<string, unknown>> = {};
  private random: ReturnType<typeof chance>;
  private lastPsid = 24_601_000_000_000_000n;

  constructor(
    readonly settings: Settings,
    readonly clock: SimulatedClock,
  ) {
    this.random = chance(settings.seed);
    this.webhooks = createWebhooks({ settings, clock, trouble: this.trouble, wire: this.wire });
  }

  /** An id in the platform's style; the same seed gives the same ids. */
  id(prefix: string): string {
    const digits = Array.from({ length: 16 }, () => this.random.between(0, 35).toString(36)).join('');
    return `${prefix}${digits}`;
  }

  createCustomer(name: string): Conversation {
    this.lastPsid += 1n;
    const conversation = createConversation(String(this.lastPsid), name);
    this.conversations.set(conversation.psid, conversation);
    this.wire.emit('change');
    return conversation;
  }

  conversation(psid: string): Conversation {
    const found = this.conversations.get(psid);
    if (!found) throw new SimulatorError(404, `There is no customer ${psid}.`);
    return found;
  }

  /** The app in control; control ends by itself after 24 hours without a message of the person. */
  ownerOf(conversation: Conversation): string | undefined {
    return this.clock.now() < conversation.ownedUntil ? conversation.owner : undefined;
  }

  /** The folder of the Page Inbox in which the conversation stands. */
  folderOf(conversation: Conversation): 'main' | 'done' {
    return this.ownerOf(conversation) === PAGE_INBOX ? 'main' : 'done';
  }

  // What the person does

  customerWrites(psid: string, text: string, payload?: string): void {
    const conversation = this.conversation(psid);
    if (payload !== undefined && !offeredReplies(conversation).some((reply) => reply.payload === payload)) {
      throw new SimulatorError(409, `The button "${payload}" is not offered now.`);
    }
    this.wakeUp(conversation);
    const mid = this.show(conversation, 'customer', text);
    this.tell(conversation, 'messages', text, {
      message: { mid, text, ...(payload !== undefined && { quick_reply: { payload } }) },
    });
  }

  customerTaps(psid: string, payload: string): void {
    const reply = offeredReplies(this.conversation(psid)).find((one) => one.payload === payload);
    this.customerWrites(psid, reply?.title ?? '', payload);
  }

  customerGetsStarted(psid: string): void {
    const conversation = this.conversation(psid);
    this.wakeUp(conversation);
    const mid = this.show(conversation, 'customer', 'Get Started');
    // On the standby channel the payload of a postback is stripped.
    const { payload = 'GET_STARTED' } = (this.profile['get_started'] ?? {}) as { payload?: string };
    const own = this.channelOf(conversation) === 'messaging' && { mid, payload };
    this.tell(conversation, 'messaging_postbacks', 'Get Started', { postback: { title: 'Get Started', ...own } });
  }

  customerLooks(psid: string): void {
    const conversation = this.conversation(psid);
    const newest = conversation.bubbles.at(-1);
    if (!newest || conversation.seenAt >= newest.at) return;
    conversation.seenAt = newest.at;
    this.tell(conversation, 'message_reads', 'seen', { read: { watermark: newest.at } });
    this.wire.emit('change');
  }

  block(psid: string, blocked: boolean): void {
    this.conversation(psid).blocked = blocked;
    this.wire.emit('change');
  }

  // What the agent does in the Page Inbox

  /** Writing into a conversation of the bot takes control of it. */
  agentWrites(psid: string, text: string): void {
    const conversation = this.conversation(psid);
    const before = this.ownerOf(conversation);
    if (before !== PAGE_INBOX) {
      this.handOver(conversation, PAGE_INBOX);
      const change = { previous_owner_app_id: before ?? null, new_owner_app_id: PAGE_INBOX, metadata: 'agent replied' };
      this.tell(
        conversation,
        'messaging_handovers',
        'take_thread_control',
        { take_thread_control: change },
        'messaging',
      );
    }
    const mid = this.show(conversation, 'agent', text);
    this.echo(conversation, PAGE_INBOX, mid, text);
  }

  /** "Done" passes control back to the default application. */
  agentIsDone(psid: string): void {
    const conversation = this.conversation(psid);
    if (this.ownerOf(conversation) !== PAGE_INBOX)
      throw new SimulatorError(409, 'The inbox does not own this conversation.');
    this.pass(conversation, this.settings.appId, 'Conversation marked as done');
  }

  /** Another app asks for the conversation. */
  appRequests(psid: string, appId: string, metadata: string | undefined): void {
    const request = { requested_owner_app_id: appId, metadata: metadata ?? '' };
    this.tell(
      this.conversation(psid),
      'messaging_handovers',
      'request_thread_control',
      { request_thread_control: request },
      'messaging',
    );
  }

  // What the bot does through Graph

  /** The person a call is about. */
  recipient(psid: string): Conversation {
    const found = this.conversations.get(psid);
    if (!found) throw graphErrors.unknownPerson();
    return found;
  }

  /** An idle conversation belongs to the default application. */
  assertMayWrite(conversation: Conversation): void {
    const owner = this.ownerOf(conversation);
    if (owner !== undefined && owner !== this.settings.appId) throw graphErrors.notOwner();
  }

  botWrites(conversation: Conversation, message: OutgoingMessage): string {
    this.assertMayWrite(conversation);
    if (conversation.blocked) throw graphErrors.blocked();
    const { lastWroteAt } = conversation;
    if (lastWroteAt === undefined || this.clock.now() - lastWroteAt > DAY) throw graphErrors.outsideWindow();
    const quickReplies = message.quickReplies.map(({ title, payload }) => ({
      title: Array.from(title).slice(0, TITLE_LIMIT).join(''),
      payload,
    }));
    const mid = this.show(conversation, 'bot', message.text, quickReplies);
    this.echo(conversation, this.settings.appId, mid, message.text);
    return mid;
  }

  pass(conversation: Conversation, target: string, metadata?: string): void {
    const before = this.ownerOf(conversation);
    this.handOver(conversation, target);
    const change = { previous_owner_app_id: before ?? null, new_owner_app_id: target, metadata: metadata ?? null };
    this.tell(conversation, 'messaging_handovers', 'pass_thread_control', { pass_thread_control: change }, 'messaging');
  }

  take(conversation: Conversation): void {
    if (this.trouble.noDefaultApplication) throw graphErrors.noDefaultApplication();
    this.handOver(conversation, this.settings.appId);
  }

  release(conversation: Conversation): void {
    this.assertMayWrite(conversation);
    conversation.owner = undefined;
    conversation.ownedUntil = 0;
    this.wire.emit('change');
  }

  extend(conversation: Conversation, seconds: number): void {
    this.assertMayWrite(conversation);
    conversation.owner = this.settings.appId;
    conversation.ownedUntil = this.clock.now() + seconds * 1_000;
  }

  handOver(conversation: Conversation, owner: string): void {
    conversation.owner = owner;
    conversation.ownedUntil = this.clock.now() + DAY;
    this.wire.emit('change');
  }

  // What everybody is told

  private channelOf(conversation: Conversation): 'messaging' | 'standby' {
    const owner = this.ownerOf(conversation);
    const ours = owner === undefined || owner === this.settings.appId;
    return ours || this.trouble.noDefaultApplication ? 'messaging' : 'standby';
  }

  /** A message of the person gives an idle conversation to the default application, and prolongs control. */
  private wakeUp(conversation: Conversation): void {
    conversation.lastWroteAt = this.clock.now();
    const { ownedUntil } = conversation;
    this.handOver(conversation, this.ownerOf(conversation) ?? this.settings.appId);
    conversation.ownedUntil = Math.max(conversation.ownedUntil, ownedUntil); // an extension stays
  }

  private show(
    conversation: Conversation,
    from: Bubble['from'],
    text: string,
    quickReplies: Bubble['quickReplies'] = [],
  ): string {
    const mid = this.id('m_');
    // No two at the same time, or the second would count as seen with the first.
    const at = Math.max(this.clock.now(), (conversation.bubbles.at(-1)?.at ?? 0) + 1);
    addBubble(conversation, { mid, from, text, at, quickReplies });
    if (from === 'customer') conversation.seenAt = at;
    this.wire.emit('change');
    return mid;
  }

  private tell(
    conversation: Conversation,
    field: Field,
    title: string,
    content: object,
    channel = this.channelOf(conversation),
  ): void {
    const about = {
      sender: { id: conversation.psid },
      recipient: { id: this.settings.pageId },
      timestamp: this.clock.now(),
    };
    this.webhooks.send({
      psid: conversation.psid,
      field,
      channel,
      title,
      owner: this.ownerOf(conversation),
      content: { ...about, ...content },
    });
  }

  private echo(conversation: Conversation, appId: string, mid: string, text: string): void {
    const about = {
      sender: { id: this.settings.pageId },
      recipient: { id: conversation.psid },
      timestamp: this.clock.now(),
    };
    const message = { is_echo: true, app_id: Number(appId), mid, text };
    this.webhooks.send({
      psid: conversation.psid,
      field: 'message_echoes',
      channel: this.channelOf(conversation),
      title: 'echo',
      owner: this.ownerOf(conversation),
      content: { ...about, message },
    });
  }
}
