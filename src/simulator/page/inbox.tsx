import { act } from './api.js';
import { Bubbles, Composer, type PartProps } from './parts.js';

const folders = [
  { key: 'main', title: 'Main', about: 'a human is in control', empty: 'Nobody waits for a human.' },
  { key: 'done', title: 'Done', about: 'the bot is in control', empty: 'Nothing here.' },
] as const;

/** The agent's side. */
export function Inbox({ snapshot, customer, choose, attempt }: PartProps) {
  const written = snapshot.customers.filter(({ bubbles }) => bubbles.length > 0);
  const open = written.find(({ psid }) => psid === customer?.psid);
  return (
    <section class="inbox" aria-labelledby="inbox-title">
      <h2 id="inbox-title">
        Page Inbox <span class="quiet">the agent’s side</span>
      </h2>
      <div class="folders">
        {folders.map(({ key, title, about, empty }) => {
          const inside = written.filter(({ folder }) => folder === key);
          return (
            <div key={key} class="folder">
              <h3>
                {title} <span class="quiet">{about}</span>
              </h3>
              {inside.length === 0 && <p class="quiet">{empty}</p>}
              {inside.map(({ psid, name, owner, bubbles }) => (
                <button
                  key={psid}
                  type="button"
                  class={`row owner-${owner}`}
                  aria-pressed={psid === open?.psid}
                  onClick={() => {
                    choose(psid);
                  }}
                >
                  <strong>{name}</strong>
                  <span class="preview">{bubbles.at(-1)?.text}</span>
                </button>
              ))}
            </div>
          );
        })}
      </div>
      {open ? (
        <>
          <div class="conversation-head">
            <h3>{open.name}</h3>
            <button
              type="button"
              class="done"
              disabled={open.owner !== 'inbox'}
              onClick={() => {
                attempt(act('POST', `/agent/${open.psid}/done`));
              }}
            >
              Done
            </button>
          </div>
          <Bubbles customer={open} own="page" label={`Conversation with ${open.name}, as the agent sees it`} />
          {open.owner !== 'inbox' && <p class="hint">Writing takes control from the bot.</p>}
          <Composer
            label={`Answer ${open.name} as the agent`}
            send={(text) => {
              attempt(act('POST', `/agent/${open.psid}/messages`, { text }));
            }}
          />
        </>
      ) : (
        <p class="empty">When a customer has written, the conversation appears here.</p>
      )}
    </section>
  );
}
