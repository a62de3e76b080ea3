/**
 * Gives readers of a mailbox in this process what is put into it in this process. So they need not ask the table.
 * Losing a call costs time only.
 */
import type { NumberedEntry } from '../../tunnel/carrier.ts';

export interface MailSignals {
  /** Called with an entry that has just been written to the table. */
  put(mailbox: string, entry: NumberedEntry): void;
  /** Returns the un-subscription. */
  onPut(mailbox: string, listener: (entry: NumberedEntry) => void): () => void;
}

export function createMailSignals(): MailSignals {
  const listeners = new Map<string, Set<(entry: NumberedEntry) => void>>();
  return {
    put: (mailbox, entry) => listeners.get(mailbox)?.forEach((listener) => listener(entry)),
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
