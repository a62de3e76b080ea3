/** The entries of one mailbox as they come: it is read soon after something was put, and seldom while nothing is. */
import { StoreError } from '../../store/store.ts';
import type { MailItem } from '../../store/table.ts';
import type { NumberedEntry } from '../../tunnel/carrier.ts';
import { isMarkedLast } from '../../tunnel/sealed-entry.ts';
import type { World } from '../../world.ts';
import type { Mail } from '../relay/mailbox.ts';
import type { MailSignals } from './mail-signals.ts';

export interface ReaderOptions extends Pick<World, 'clock' | 'log'> {
  readonly mail: Pick<Mail, 'readMail'>;
  readonly signals: MailSignals;
  readonly signal: AbortSignal;
}

export interface ReadMailbox {
  readonly mailbox: string;
  /** That of the other direction: what this process puts into it is answered soon. */
  readonly other: string;
  readonly after: number;
}

/** Between two reads of a mailbox: soon after something came, later while nothing does. */
const checkMs = { first: 25, last: 1_000, slower: 1.5 };
/** Entries of this process that wait for those in front of them. */
const heardMax = 64;
/** A mailbox in which nothing comes for so long has no user any more: each end speaks more often. */
const quietMsMax = 90_000;

/** In order and without gaps, up to the last one. Ends with the signal, and when nothing comes for too long. */
export async function* readEntries(options: ReaderOptions, { mailbox, other, after }: ReadMailbox): AsyncGenerator<NumberedEntry> {
  const { signals, clock, signal } = options;
  const looks = createLooks(clock, signal);
  const heard = new Map<number, Uint8Array>();
  let last = after;
  /** The last entries came from this process: the table need not be asked for an answer. */
  let isLocal = false;
  const leave = [
    signals.onPut(mailbox, ({ number, bytes }) => {
      if (number > last && heard.size < heardMax) heard.set(number, bytes);
      looks.now();
    }),
    signals.onPut(other, () => {
      if (!isLocal) looks.soon();
    }),
  ];
  try {
    let heardMs = clock.monotonicMs();
    while (!signal.aborted && clock.monotonicMs() - heardMs < quietMsMax) {
      const known = takeHeard(heard, last);
      const entries = known.length > 0 ? known : await check(options, mailbox, last);
      if (entries.length === 0) {
        await looks.next();
        continue;
      }
      isLocal = known.length > 0;
      last += entries.length;
      yield* entries;
      if (entries.some(({ bytes }) => isMarkedLast(bytes))) return;
      heardMs = clock.monotonicMs();
      if (!isLocal) looks.soon();
    }
  } finally {
    for (const one of leave) one();
  }
}

/** The next ones, without gaps. */
function takeHeard(heard: Map<number, Uint8Array>, after: number): readonly NumberedEntry[] {
  const taken: NumberedEntry[] = [];
  for (let number = after + 1; ; number += 1) {
    const bytes = heard.get(number);
    if (bytes === undefined) break;
    taken.push({ number, bytes });
  }
  for (const number of heard.keys()) if (number <= after + taken.length) heard.delete(number);
  return taken;
}

async function check({ mail, log }: ReaderOptions, mailbox: string, after: number): Promise<readonly NumberedEntry[]> {
  try {
    return withoutGaps(await mail.readMail(mailbox, after), after).map(({ number, body }) => ({ number, bytes: body }));
  } catch (error) {
    // The next read may do better; the ends notice a silence that lasts.
    if (!(error instanceof StoreError)) throw error;
    log.warn('a mailbox could not be read', { error });
    return [];
  }
}

/** An entry may become readable before the one in front of it. */
function withoutGaps(items: readonly MailItem[], after: number): readonly MailItem[] {
  const gap = items.findIndex((item, index) => item.number !== after + 1 + index);
  return gap < 0 ? items : items.slice(0, gap);
}

interface Looks {
  /** Waits until the next read is due. */
  next(): Promise<void>;
  readonly now: () => void;
  readonly soon: () => void;
}

function createLooks(clock: World['clock'], signal: AbortSignal): Looks {
  let pauseMs = checkMs.first;
  let isDue = false;
  let wake: () => void = () => undefined;
  const now = (): void => {
    isDue = true;
    wake();
  };
  const soon = (): void => {
    pauseMs = checkMs.first;
    // A long pause that has begun is not waited for.
    wake();
  };
  signal.addEventListener('abort', now, { once: true });
  return {
    now,
    soon,
    async next() {
      const woken = Promise.withResolvers<void>();
      wake = woken.resolve;
      const cancel = clock.after(pauseMs, woken.resolve);
      if (isDue) woken.resolve();
      await woken.promise;
      cancel();
      wake = () => undefined;
      pauseMs = isDue ? checkMs.first : Math.min(checkMs.last, pauseMs * checkMs.slower);
      isDue = false;
    },
  };
}
