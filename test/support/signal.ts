/** A promise that is resolved from outside. */
export function signal() {
  let send: () => void = () => undefined;
  const sent = new Promise<void>((resolve) => (send = resolve));
  return {
    sent,
    send: () => {
      send();
    },
  };
}
