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
const lookMs = { first: 25, last: 1_000, slower: 1.5 };
/** A mailbox in which nothing comes for so long has no user any more: each end speaks more often. */
const quietMsMax = 90_000;

/** In order and without gaps, up to the last one. Ends with the signal, and when nothing comes for too long. */
export async function* readEntries(options: ReaderOptions, { mailbox, other, after }: ReadMailbox): AsyncGenerator<NumberedEntry> {
  const { signals, clock, signal } = options;
  const looks = createLooks(clock, signal);
  const leave = [signals.onPut(mailbox, looks.now), signals.onPut(other, looks.soon)];
  try {
    let heardMs = clock.monotonicMs();
    for (let last = after; !signal.aborted && clock.monotonicMs() - heardMs < quietMsMax;) {
      const items = withoutGaps(await look(options, mailbox, last), last);
      if (items.length === 0) {
        await looks.next();
        continue;
      }
      yield* items.map(({ number, body }) => ({ number, bytes: body }));
      const newest = items.at(-1);
      if (newest === undefined || items.some(({ body }) => isMarkedLast(body))) return;
      last = newest.number;
      heardMs = clock.monotonicMs();
      looks.soon();
    }
  } finally {
    for (const one of leave) one();
  }
}

async function look({ mail, log }: ReaderOptions, mailbox: string, after: number): Promise<readonly MailItem[]> {
  try {
    return await mail.readMail(mailbox, after);
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
  let pauseMs = lookMs.first;
  let isDue = false;
  let wake: () => void = () => undefined;
  const now = (): void => {
    isDue = true;
    wake();
  };
  const soon = (): void => {
    pauseMs = lookMs.first;
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
      pauseMs = isDue ? lookMs.first : Math.min(lookMs.last, pauseMs * lookMs.slower);
      isDue = false;
    },
  };
}
