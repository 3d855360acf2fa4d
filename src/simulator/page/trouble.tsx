import { useState } from 'preact/hooks';
import { act } from './api.js';
import type { PartProps } from './parts.js';
import type { Trouble } from './types.js';

type Switch = Exclude<keyof Trouble, 'latencyMs'>;

const switches: readonly (readonly [Switch, title: string, effect: string])[] = [
  ['serverErrors', 'Graph answers 500', 'The bot tries again: after 1 s, 2 s, 4 s …'],
  [
    'timeouts',
    'Graph does not answer',
    'The bot gives up after 10 s. The message may have arrived, so it tries again only after 30 s.',
  ],
  ['rateLimited', 'Rate limit (613)', 'The bot pauses all sending for the minute that the header names.'],
  ['tokenInvalid', 'Token invalid (190)', 'The bot holds everything and tries once a minute.'],
  ['redeliver', 'Webhooks come twice', 'The bot handles each event once.'],
  ['reorder', 'Webhooks overtake each other', 'The bot goes by the timestamps of what waits.'],
  ['noDefaultApplication', 'No default application', 'take_thread_control is refused.'],
  ['botDown', 'The bot is down', 'Webhooks are delivered again later.'],
];

const hours = [1, 25];

/** What can be made to go wrong; what the bot does about it shows on the wire. */
export function TroublePanel({ snapshot, customer, attempt }: PartProps) {
  const [open, setOpen] = useState(false);
  const { trouble } = snapshot;
  const count =
    Object.values(trouble).filter(Boolean).length + snapshot.customers.filter(({ blocked }) => blocked).length;
  const change = (wish: Partial<Trouble>) => {
    attempt(act('PUT', '/trouble', wish));
  };
  return (
    <section class={`trouble ${open ? 'open' : ''}`} aria-labelledby="trouble-title">
      <h2 id="trouble-title">
        <button
          type="button"
          class="fold"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open);
          }}
        >
          Trouble <span class="quiet">and what the bot does about it{count > 0 ? ` · ${count} switched on` : ''}</span>
        </button>
      </h2>
      <div class="switches">
        {switches.map(([key, title, effect]) => (
          <label key={key} class="switch">
            <input
              type="checkbox"
              checked={trouble[key]}
              onChange={({ currentTarget }) => {
                change({ [key]: currentTarget.checked });
              }}
            />
            <span>
              {title}
              <small>{effect}</small>
            </span>
          </label>
        ))}
        {customer && (
          <label class="switch">
            <input
              type="checkbox"
              checked={customer.blocked}
              onChange={({ currentTarget }) => {
                attempt(act('PUT', `/customers/${customer.psid}/blocked`, { blocked: currentTarget.checked }));
              }}
            />
            <span>
              {customer.name} has blocked the Page (551)<small>The bot sets the event aside.</small>
            </span>
          </label>
        )}
        <label class="switch">
          <select
            aria-label="Latency of Graph"
            value={String(trouble.latencyMs)}
            onChange={({ currentTarget }) => {
              change({ latencyMs: Number(currentTarget.value) });
            }}
          >
            {[0, 300, 2000, 8000].map((ms) => (
              <option key={ms} value={ms}>
                {ms === 0 ? 'Graph is fast' : `Graph takes ${ms / 1000} s`}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="toolbar">
        {trouble.tokenInvalid && (
          <button
            type="button"
            onClick={() => {
              change({ tokenInvalid: false });
            }}
          >
            Renew token
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            attempt(act('POST', '/trouble/none'));
          }}
        >
          No trouble
        </button>
        {hours.map((hour) => (
          <button
            key={hour}
            type="button"
            onClick={() => {
              attempt(act('POST', '/time', { advanceMs: hour * 3_600_000 }));
            }}
          >
            {hour} h later
          </button>
        ))}
        <span class="quiet">It is {new Date(snapshot.now).toLocaleString('en-GB')} on the platform.</span>
      </p>
    </section>
  );
}
