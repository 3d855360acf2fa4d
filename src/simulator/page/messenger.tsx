import { useEffect } from 'preact/hooks';
import { act } from './api.js';
import { Bubbles, Composer, type PartProps } from './parts.js';

const moreNames = ['Luis', 'Fatima', 'Noah', 'Priya', 'Elif', 'Tomás', 'Wei', 'Zoe'];

/** The customer's side. */
export function Messenger({ snapshot, customer, choose, attempt }: PartProps) {
  const newest = customer?.bubbles.at(-1)?.mid;
  useEffect(() => {
    if (customer && newest !== undefined) attempt(act('POST', `/customers/${customer.psid}/looks`));
  }, [customer?.psid, newest]);
  const name = moreNames[snapshot.customers.length % moreNames.length] ?? 'Somebody';
  return (
    <section class="messenger" aria-labelledby="messenger-title">
      <h2 id="messenger-title">
        Messenger <span class="quiet">the customer’s side</span>
      </h2>
      <div class="people" role="group" aria-label="Customers">
        {snapshot.customers.map(({ psid, name: who }) => (
          <button
            key={psid}
            type="button"
            aria-pressed={psid === customer?.psid}
            onClick={() => {
              choose(psid);
            }}
          >
            {who}
          </button>
        ))}
        <button
          type="button"
          class="plain"
          aria-label="Add a customer"
          onClick={() => {
            attempt(act('POST', '/customers', { name }));
          }}
        >
          +
        </button>
        {snapshot.moreCustomers > 0 && <span class="quiet">and {snapshot.moreCustomers} more</span>}
      </div>
      {customer && (
        <>
          <Bubbles
            customer={customer}
            own="customer"
            label={`${customer.name}’s conversation with ${snapshot.page.name}`}
          />
          <div class="chips">
            {customer.bubbles.length === 0 && (
              <button
                type="button"
                class="chip"
                onClick={() => {
                  attempt(act('POST', `/customers/${customer.psid}/get-started`));
                }}
              >
                Get Started
              </button>
            )}
            {customer.offered.map(({ title, payload }) => (
              <button
                key={payload}
                type="button"
                class="chip"
                onClick={() => {
                  attempt(act('POST', `/customers/${customer.psid}/taps`, { payload }));
                }}
              >
                {title}
              </button>
            ))}
          </div>
          <Composer
            label={`Write as ${customer.name}`}
            send={(text) => {
              attempt(act('POST', `/customers/${customer.psid}/messages`, { text }));
            }}
          />
        </>
      )}
    </section>
  );
}
