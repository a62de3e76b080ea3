/** Lets those who read a mailbox in this process know of what is put into it in this process. Losing a call costs time only. */
export interface MailSignals {
  put(mailbox: string): void;
  /** Returns the un-subscription. */
  onPut(mailbox: string, listener: () => void): () => void;
}

export function createMailSignals(): MailSignals {
  const listeners = new Map<string, Set<() => void>>();
  return {
    put: (mailbox) => listeners.get(mailbox)?.forEach((listener) => listener()),
    onPut(mailbox, listener) {
      const own = listeners.get(mailbox) ?? new Set();
      listeners.set(mailbox, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0) listeners.delete(mailbox);
      };
    },
  };
}
