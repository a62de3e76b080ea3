/**
 * The mailboxes of tunnels, in the table: entries down and up, and terms that state what the tunnel is for. A mailbox's name
 * holds the node's and the caller's, by their credentials: what another one puts under the same id is never read. The
 * key of a tunnel is derived, and stands in no table. All of it expires by itself.
 */
import { createHash, hkdfSync } from 'node:crypto';
import { StatusError } from '../../kube/status-error.ts';
import type { MailItem } from '../../store/table.ts';
import type { NumberedEntry } from '../../tunnel/carrier.ts';
import { type Direction, type EntryPlace, openEntry, payloadBytesMax, sealEntry } from '../../tunnel/sealed-entry.ts';
import type { World } from '../../world.ts';
import type { TunnelledRequest } from '../../node-protocol/node-poll.ts';
import type { User } from '../ports.ts';
import type { Mail } from '../relay/mailbox.ts';
import { createMailSignals } from './mail-signals.ts';
import { readEntries } from './mailbox-reader.ts';

export interface TunnelAddress {
  readonly nodeName: string;
  /** `callerOf` a user, or a part of the API itself. */
  readonly caller: string;
  readonly id: string;
}

export interface TunnelMailOptions extends Pick<World, 'clock' | 'log'> {
  readonly mail: Mail;
  /** From which keys are derived; the same in every process. */
  readonly secret: Uint8Array;
}

export interface TunnelMail {
  keyOf(address: TunnelAddress): Uint8Array;
  /** From now on, entries are taken. The node gets the request from the API alone: a caller cannot change it. */
  open(address: TunnelAddress, request: TunnelledRequest): Promise<void>;
  requestOf(address: TunnelAddress): Promise<TunnelledRequest>;
  /** They are taken for longer. Throws a StatusError where there is no such tunnel any more. */
  renew(address: TunnelAddress): Promise<void>;
  /** Puts an entry, if none is there. Throws a StatusError: not found, or unknown whether it was written. */
  put(address: TunnelAddress, direction: Direction, entry: NumberedEntry): Promise<void>;
  /** Those after this number, in order, as they come, up to the last one. Ends with the signal. */
  entries(address: TunnelAddress, reading: Reading): AsyncGenerator<NumberedEntry>;
}

export interface Reading {
  readonly direction: Direction;
  readonly after: number;
  readonly signal: AbortSignal;
}

/** An entry, once it is there, may be read this long. */
const entryLifeMs = 3_600_000;
const termsLifeMs = entryLifeMs;
/** Terms that end sooner are renewed. */
const termsLeftMsMin = 40 * 60_000;
const putAttemptsMax = 5;
const retryMs = 200;
/** Tunnels that a process knows to exist. */
const knownMax = 2_000;
const keyBytes = 32;
const tooLarge = new StatusError(413, 'RequestEntityTooLarge', `what is asked of a node may have ${payloadBytesMax} bytes`);

export const callerOf = ({ name, uid = '' }: User): string =>
  createHash('sha256')
    .update(JSON.stringify([name, uid]))
    .digest('hex')
    .slice(0, 32);

const baseOf = ({ nodeName, caller, id }: TunnelAddress): string => `${nodeName}/${caller}/${id}`;
const mailboxOf = (address: TunnelAddress, direction: Direction): string => `${baseOf(address)}/${direction}`;
const termsOf = (address: TunnelAddress): string => `${baseOf(address)}/terms`;
const termsPlace = (address: TunnelAddress, number: number): EntryPlace => ({ tunnel: baseOf(address), direction: 'down', number });

const notFound = ({ id }: TunnelAddress): StatusError =>
  new StatusError(404, 'NotFound', `tunnels.agent.hibernetes.dev "${id}" not found`, {
    details: { group: 'agent.hibernetes.dev', kind: 'tunnels', name: id },
  });

/** Repeats until it is known to be there. An entry that is there already stays as it is. */
async function putItem({ mail, clock }: Pick<TunnelMailOptions, 'mail' | 'clock'>, item: Omit<MailItem, 'expiresMs'>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if ((await mail.putMail({ ...item, expiresMs: clock.now() + entryLifeMs })) !== 'unknown') return;
    if (attempt === putAttemptsMax)
      throw new StatusError(503, 'ServiceUnavailable', 'it is not known whether the entry was written; send it again');
    await clock.sleep(retryMs * attempt);
  }
}

export function createTunnelMail({ mail, secret, clock, log }: TunnelMailOptions): TunnelMail {
  const signals = createMailSignals();
  /** Tunnel → until when its terms last. */
  const known = new Map<string, number>();

  const requests = new Map<string, TunnelledRequest>();

  const derived = (use: string, address: TunnelAddress): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(), `${use} ${baseOf(address)}`, keyBytes));

  async function putTerms(address: TunnelAddress, number: number, request: object): Promise<void> {
    const payload = Buffer.from(JSON.stringify(request));
    if (payload.length > payloadBytesMax) throw tooLarge;
    const body = sealEntry({ sender: 0, kind: 'data', ack: 0, payload }, termsPlace(address, number), derived('terms', address));
    await putItem({ mail, clock }, { mailbox: termsOf(address), number, body });
    remember(known, address, clock.now() + termsLifeMs);
  }

  async function termsNow(address: TunnelAddress): Promise<MailItem> {
    const terms = await mail.readNewestMail(termsOf(address));
    if (terms === undefined || terms.expiresMs <= clock.now()) throw notFound(address);
    remember(known, address, terms.expiresMs);
    return terms;
  }

  async function requireTerms(address: TunnelAddress): Promise<void> {
    if ((known.get(baseOf(address)) ?? 0) <= clock.now()) await termsNow(address);
  }

  return {
    keyOf: (address) => derived('tunnel', address),
    async open(address, request) {
      await putTerms(address, 1, request);
      remember(requests, address, request);
    },
    async requestOf(address) {
      const known = requests.get(baseOf(address));
      if (known !== undefined) return known;
      const [first] = await mail.readMail(termsOf(address), 0);
      if (first?.number !== 1) throw notFound(address);
      const { payload } = openEntry(first.body, termsPlace(address, 1), derived('terms', address));
      const request = JSON.parse(Buffer.from(payload).toString()) as TunnelledRequest;
      remember(requests, address, request);
      return request;
    },
    async renew(address) {
      const terms = await termsNow(address);
      if (terms.expiresMs - clock.now() < termsLeftMsMin) await putTerms(address, terms.number + 1, {});
    },
    async put(address, direction, { number, bytes }) {
      await requireTerms(address);
      const mailbox = mailboxOf(address, direction);
      await putItem({ mail, clock }, { mailbox, number, body: bytes });
      signals.put(mailbox, { number, bytes });
    },
    entries(address, { direction, after, signal }) {
      const mailbox = mailboxOf(address, direction);
      const other = mailboxOf(address, direction === 'up' ? 'down' : 'up');
      return readEntries({ mail, signals, clock, log, signal }, { mailbox, other, after });
    },
  };
}

function remember<T>(map: Map<string, T>, address: TunnelAddress, value: T): void {
  map.delete(baseOf(address));
  map.set(baseOf(address), value);
  const [oldest = ''] = map.keys();
  if (map.size > knownMax) map.delete(oldest);
}
