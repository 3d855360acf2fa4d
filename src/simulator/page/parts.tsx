import { useEffect, useRef, useState } from 'preact/hooks';
import type { CustomerView, Snapshot } from './types.js';

/** What every part of the page gets. */
export interface PartProps {
  readonly snapshot: Snapshot;
  /** The customer that is looked at. */
  readonly customer: CustomerView | undefined;
  readonly choose: (psid: string) => void;
  readonly attempt: (action: Promise<void>) => void;
}

/** A line to write on, with its button. */
export function Composer({ label, send }: { label: string; send: (text: string) => void }) {
  const [text, setText] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim() === '') return;
    send(text);
    setText('');
  };
  return (
    <form class="composer" onSubmit={submit}>
      <input
        aria-label={label}
        placeholder={label}
        value={text}
        maxLength={2000}
        autocomplete="off"
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
        }}
      />
      <button type="submit" disabled={text.trim() === ''}>
        Send
      </button>
    </form>
  );
}

/** The messages of a conversation, scrolled to the newest; `own` is the side that looks. */
export function Bubbles({ customer, own, label }: { customer: CustomerView; own: 'customer' | 'page'; label: string }) {
  const list = useRef<HTMLDivElement>(null);
  const count = customer.bubbles.at(-1)?.mid;
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [count, customer.psid]);
  const lastOfPage = customer.bubbles.findLast(({ from }) => from !== 'customer');
  return (
    <div class="bubbles" role="log" aria-label={label} tabIndex={0} ref={list}>
      {customer.bubbles.map((bubble) => {
        const mine = (bubble.from === 'customer') === (own === 'customer');
        return (
          <div key={bubble.mid} class={`bubble ${mine ? 'mine' : 'theirs'} from-${bubble.from}`}>
            {bubble.from !== 'customer' && <span class="author">{bubble.from === 'bot' ? 'Bot' : 'Agent'}</span>}
            <p>{bubble.text}</p>
            {own === 'page' && bubble === lastOfPage && (
              <span class="mark">{customer.seenAt >= bubble.at ? 'Seen' : 'Sent'}</span>
            )}
          </div>
        );
      })}
    </div>
  );
}
