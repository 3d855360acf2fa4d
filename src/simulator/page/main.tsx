import { render } from 'preact';
import { useState } from 'preact/hooks';
import { useSnapshot } from './api.js';
import { Guide } from './guide.js';
import { Inbox } from './inbox.js';
import { Messenger } from './messenger.js';
import { TroublePanel } from './trouble.js';
import { WirePanel } from './wire.js';

const tabs = ['Messenger', 'Page Inbox', 'The wire', 'Trouble'] as const;
type Tab = (typeof tabs)[number];

function App() {
  const { snapshot, connected } = useSnapshot();
  const [chosen, choose] = useState<string>();
  const [tab, showTab] = useState<Tab>('Messenger');
  const [problem, setProblem] = useState<string>();

  if (!snapshot) return <p class="loading">Starting…</p>;
  const customer = snapshot.customers.find(({ psid }) => psid === chosen) ?? snapshot.customers[0];
  /** Does something and shows why it could not be done. */
  const attempt = (action: Promise<void>) => {
    setProblem(undefined);
    action.catch((error: unknown) => {
      setProblem(error instanceof Error ? error.message : String(error));
    });
  };
  const shared = { snapshot, customer, choose, attempt };
  const troubles = Object.values(snapshot.trouble).filter(Boolean).length;

  return (
    <div class="app" data-tab={tab}>
      <header class="top">
        <h1>
          {snapshot.page.name} <span class="quiet">· Messenger and the Page Inbox on this machine</span>
        </h1>
        <OwnerBadge owner={customer?.owner} name={customer?.name} />
      </header>
      <nav class="tabs" aria-label="Parts">
        {tabs.map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={tab === name}
            onClick={() => {
              showTab(name);
            }}
          >
            {name}
            {name === 'Trouble' && troubles > 0 ? ` (${troubles})` : ''}
          </button>
        ))}
      </nav>
      <Guide snapshot={snapshot} customer={customer} showTab={showTab} />
      {!connected && (
        <p class="problem" role="alert">
          The simulator has stopped. Start it again: npm run demo
        </p>
      )}
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}{' '}
          <button
            type="button"
            onClick={() => {
              setProblem(undefined);
            }}
          >
            OK
          </button>
        </p>
      )}
      <main>
        <Messenger {...shared} />
        <Inbox {...shared} />
        <WirePanel {...shared} />
        <TroublePanel {...shared} />
      </main>
    </div>
  );
}

const owners = {
  bot: 'The bot is in control',
  inbox: 'A human is in control (Page Inbox)',
  other: 'Another app is in control',
  nobody: 'Nobody is in control (idle)',
} as const;

function OwnerBadge({ owner, name }: { owner: keyof typeof owners | undefined; name: string | undefined }) {
  if (owner === undefined) return null;
  return (
    <p class={`owner owner-${owner}`} role="status">
      <span class="quiet">{name}: </span>
      {owners[owner]}
    </p>
  );
}

const root = document.getElementById('app');
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
