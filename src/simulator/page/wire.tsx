import { useEffect, useRef, useState } from 'preact/hooks';
import { act, ask } from './api.js';
import type { PartProps } from './parts.js';
import type { WireView } from './types.js';

const arrows = { webhook: 'to the bot', graph: 'from the bot', note: 'note' } as const;
const ownerNames = { bot: 'bot', inbox: 'inbox', other: 'another app', nobody: 'nobody' } as const;

/** Every webhook and every Graph call, in order, with a lane that shows who owns the conversation. */
export function WirePanel({ snapshot, attempt }: PartProps) {
  const [open, setOpen] = useState<number>();
  const list = useRef<HTMLOListElement>(null);
  const last = snapshot.wire.at(-1)?.id;
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [last]);

  const replay = (input: HTMLInputElement) => {
    const [file] = input.files ?? [];
    if (!file) return;
    attempt(file.text().then((text) => act('POST', '/replay', JSON.parse(text) as object)));
    input.value = '';
  };

  return (
    <section class="wire" aria-labelledby="wire-title">
      <h2 id="wire-title">
        The wire <span class="quiet">between Facebook and the bot</span>
      </h2>
      <div class="toolbar">
        <a class="button" href="/sim/transcript" download="session.json">
          Save session
        </a>
        <label class="button">
          Replay…{' '}
          <input
            type="file"
            accept="application/json"
            onChange={({ currentTarget }) => {
              replay(currentTarget);
            }}
          />
        </label>
        <button
          type="button"
          onClick={() => {
            attempt(act('POST', '/wire/clear'));
          }}
        >
          Clear
        </button>
        <span class="legend">
          in control: <i class="lane lane-bot" /> bot <i class="lane lane-inbox" /> inbox <i class="lane lane-nobody" />{' '}
          nobody
        </span>
      </div>
      {snapshot.wire.length === 0 && <p class="empty">Nothing yet. Tap something in Messenger.</p>}
      <ol class="entries" ref={list} tabIndex={0} aria-label="Webhooks and Graph calls">
        {snapshot.wire.map((entry) => (
          <Entry
            key={entry.id}
            entry={entry}
            open={open === entry.id}
            toggle={() => {
              setOpen(open === entry.id ? undefined : entry.id);
            }}
            attempt={attempt}
          />
        ))}
      </ol>
    </section>
  );
}

interface EntryProps {
  readonly entry: WireView;
  readonly open: boolean;
  readonly toggle: () => void;
  readonly attempt: PartProps['attempt'];
}

function Entry({ entry, open, toggle, attempt }: EntryProps) {
  const { id, direction, title, method, path, channel, status, ms, customer, owner, at } = entry;
  const answer = status === undefined ? '…' : status === 0 ? 'no answer' : String(status);
  const good = status !== undefined && status >= 200 && status < 300;
  const time = new Date(at).toLocaleTimeString('en-GB');
  return (
    <li class={`entry ${direction} lane-${owner ?? 'none'}`} title={owner && `in control: ${ownerNames[owner]}`}>
      <button type="button" aria-expanded={open} onClick={toggle}>
        <time>{time}</time>
        <span class="arrow">
          <span aria-hidden="true">{direction === 'graph' ? '←' : direction === 'webhook' ? '→' : '•'}</span>
          <span class="hidden">{arrows[direction]}</span>
        </span>
        <span class="what">
          <strong>{title}</strong> {channel && <span class={`channel channel-${channel}`}>{channel}</span>}{' '}
          <span class="quiet">
            {customer} {channel ? '' : `${method} ${path}`}
          </span>
        </span>
        {direction !== 'note' && (
          <span class={`status ${good ? 'good' : status === undefined ? '' : 'bad'}`}>{answer}</span>
        )}
        <span class="ms">{ms === undefined ? '' : `${ms} ms`}</span>
      </button>
      {open && <Details id={id} isWebhook={direction === 'webhook' && method === 'POST'} attempt={attempt} />}
    </li>
  );
}

function Details({ id, isWebhook, attempt }: { id: number; isWebhook: boolean; attempt: PartProps['attempt'] }) {
  const [entry, setEntry] = useState<{ request: unknown; response: unknown }>();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    void ask<{ request: unknown; response: unknown }>(`/wire/${id}`).then(setEntry);
  }, [id]);
  const copy = async () => {
    const { curl } = await ask<{ curl: string }>(`/wire/${id}/curl`);
    await navigator.clipboard.writeText(curl);
    setCopied(true);
  };
  return (
    <div class="details">
      {isWebhook && (
        <p>
          <button
            type="button"
            onClick={() => {
              attempt(copy());
            }}
          >
            {copied ? 'Copied' : 'Copy as curl'}
          </button>{' '}
          <button
            type="button"
            onClick={() => {
              attempt(act('POST', `/wire/${id}/again`));
            }}
          >
            Send again
          </button>
        </p>
      )}
      <h3>Request</h3>
      <pre tabIndex={0}>{JSON.stringify(entry?.request, null, 2)}</pre>
      <h3>Answer</h3>
      <pre tabIndex={0}>{JSON.stringify(entry?.response, null, 2)}</pre>
    </div>
  );
}
