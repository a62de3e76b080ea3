/**
 * The two sides of a log that goes by mail, in the table. Down go grants, each newer one counts instead of the last; up
 * go chunks. A mailbox is named by the node that may write to it, and by an id that cannot be guessed. The
 * node's credentials were checked. All of it expires by itself.
 */
import type { RelayGrant } from '../../node-protocol/node-poll.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { MailItem, Table } from '../../store/table.ts';

export type Mail = Pick<Table, 'putMail' | 'readMail' | 'readNewestMail'>;

export interface MailboxAddress {
  readonly nodeName: string;
  readonly id: string;
}

/** Sent by the client's side. */
export interface Grant {
  /** Chunks up to this number may be put in. */
  readonly upTo: number;
  /** The client's side renews it before: later, no client reads any more. */
  readonly untilMs: number;
}

/** Longer than any session; what is left is forgotten then. */
const lifeMs = 3_600_000;

const up = ({ nodeName, id }: MailboxAddress): string => `${nodeName}/${id}/up`;
const down = ({ nodeName, id }: MailboxAddress): string => `${nodeName}/${id}/down`;

export interface Mailbox {
  /** Whether it is known to be written. */
  putGrant(number: number, grant: Grant): Promise<boolean>;
  /** Undefined: there is no such mailbox, or there was. */
  grant(): Promise<RelayGrant | undefined>;
  /** One that is there already stays as it is. Throws a StatusError when it is not known whether it was written. */
  putChunk(number: number, encoded: Uint8Array): Promise<void>;
  /** The next ones after this, in order and without gaps, as many as there are or one answer holds. */
  chunksAfter(number: number): Promise<readonly Uint8Array[]>;
}

export function mailboxAt(address: MailboxAddress, mail: Mail, now: () => number): Mailbox {
  const put = (mailbox: string, number: number, body: Uint8Array): ReturnType<Mail['putMail']> =>
    mail.putMail({ mailbox, number, body, expiresMs: now() + lifeMs });
  return {
    async putGrant(number, grant) {
      return (await put(down(address), number, Buffer.from(JSON.stringify(grant)))) !== 'unknown';
    },
    async grant() {
      const newest = await mail.readNewestMail(down(address));
      if (newest === undefined || newest.expiresMs <= now()) return undefined;
      const { upTo, untilMs } = JSON.parse(Buffer.from(newest.body).toString()) as Grant;
      return { upTo, isOpen: untilMs > now() };
    },
    async putChunk(number, encoded) {
      if ((await put(up(address), number, encoded)) === 'unknown')
        throw new StatusError(503, 'ServiceUnavailable', 'it is not known whether the chunk was written; send it again');
    },
    async chunksAfter(number) {
      return withoutGaps(await mail.readMail(up(address), number), number).map(({ body }) => body);
    },
  };
}

/** A chunk may become readable before the one in front of it. */
function withoutGaps(items: readonly MailItem[], after: number): readonly MailItem[] {
  const gap = items.findIndex((item, index) => item.number !== after + 1 + index);
  return gap < 0 ? items : items.slice(0, gap);
}
