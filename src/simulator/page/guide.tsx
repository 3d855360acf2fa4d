import { useEffect, useState } from 'preact/hooks';
import type { CustomerView, Snapshot } from './types.js';

type TabName = 'Messenger' | 'Page Inbox';

interface Step {
  readonly where: TabName;
  readonly tap: string;
  readonly why: string;
  readonly isDone: (customer: CustomerView) => boolean;
}

const botSaid =
  (start: string) =>
  ({ bubbles }: CustomerView) =>
    bubbles.some(({ from, text }) => from === 'bot' && text.startsWith(start));
const inboxOwns = ({ owner }: CustomerView) => owner === 'inbox';

const steps: readonly Step[] = [
  {
    where: 'Messenger',
    tap: 'Get Started',
    why: 'The webhook reaches the bot on messaging; it answers with a button.',
    isDone: botSaid('Welcome!'),
  },
  {
    where: 'Messenger',
    tap: 'Pass to Inbox',
    why: 'The bot writes once more, then passes control: from now on it only listens, on standby.',
    isDone: inboxOwns,
  },
  {
    where: 'Page Inbox',
    tap: 'Done',
    why: 'Answer as the agent first, if you like. Done passes control back, and the bot is told.',
    isDone: botSaid('You passed control back'),
  },
  { where: 'Messenger', tap: 'Pass to Inbox', why: 'Once more to the human …', isDone: inboxOwns },
  {
    where: 'Messenger',
    tap: 'Take From Inbox',
    why: 'The tap arrives on standby. The bot takes control first and writes then: see the order on the wire.',
    isDone: botSaid('The Primary Receiver is taking control back'),
  },
];

const DISMISSED = 'guide-dismissed';

/** Leads a first-time visitor through the tutorial's flow. */
export function Guide({
  customer,
  showTab,
}: {
  snapshot: Snapshot;
  customer: CustomerView | undefined;
  showTab: (tab: TabName) => void;
}) {
  const [dismissed, setDismissed] = useState(localStorage.getItem(DISMISSED) === 'yes');
  const [progress, setProgress] = useState(0);
  const step = steps[progress];
  useEffect(() => {
    if (customer && step?.isDone(customer)) setProgress(progress + 1);
  });
  if (dismissed) return null;
  const dismiss = () => {
    localStorage.setItem(DISMISSED, 'yes');
    setDismissed(true);
  };
  return (
    <aside class="guide" aria-label="Guide">
      <ol class="dots" aria-hidden="true">
        {steps.map((_step, index) => (
          <li key={index} class={index < progress ? 'past' : index === progress ? 'now' : ''} />
        ))}
      </ol>
      {step ? (
        <p role="status">
          <strong>
            {progress + 1} of {steps.length}.
          </strong>{' '}
          In{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              showTab(step.where);
            }}
          >
            {step.where}
          </button>
          , tap <strong>{step.tap}</strong>. <span class="why">{step.why}</span>
        </p>
      ) : (
        <p role="status">
          <strong>That is the whole handover.</strong>{' '}
          <span class="why">
            The coloured lane on the wire shows who was in control at each moment. Now try some trouble.
          </span>
        </p>
      )}
      <button type="button" onClick={dismiss}>
        {step ? 'Skip the guide' : 'Close'}
      </button>
    </aside>
  );
}
