/** Tunnels by mail with all their parts, which are loaded when the first one is wanted: most processes carry none. */
import type { TunnelledRequest } from '../../node-protocol/node-poll.ts';
import { type TunnelTicket, ticketType } from '../../node-protocol/mailed-upgrade.ts';
import type { Store } from '../../store/store.ts';
import type { World } from '../../world.ts';
import type { User } from '../ports.ts';
import type { Mail } from '../relay/mailbox.ts';
import type { MailEndpoint } from './mail-endpoint.ts';
import type { Tunnels } from './tunnels.ts';

export interface TunnelsByMailOptions extends Pick<World, 'clock' | 'random' | 'log'> {
  readonly mail: Mail;
  /** From which the tunnels' keys are derived; the same in every process of the cluster. */
  readonly secret: Uint8Array;
  readonly store: Pick<Store, 'view' | 'onApplied' | 'commit'>;
  /** No answer lasts longer on this host. */
  readonly secondsMax: number;
}

/** What a caller outside gets to speak to: an `id` is added. */
export interface Wanted {
  readonly user: User;
  readonly nodeName: string;
  readonly request: (id: string) => TunnelledRequest;
  /** The bytes that the caller must send first. */
  readonly head?: string;
}

export interface TunnelsByMail {
  readonly tunnels: Tunnels;
  readonly endpoint: MailEndpoint;
  /** Opens a tunnel for a caller outside, who was authorized: the answer is its ticket. */
  answer(wanted: Wanted): Promise<Response>;
}

export function createTunnelsByMail(options: TunnelsByMailOptions): TunnelsByMail {
  let loaded: Promise<TunnelsByMail> | undefined;
  async function load(): Promise<TunnelsByMail> {
    const [{ callerOf, createTunnelMail }, { createMailEndpoint }, { announceTunnel, createMailedTunnels }] = await Promise.all([
      import('./tunnel-mail.ts'),
      import('./mail-endpoint.ts'),
      import('./mailed-tunnels.ts'),
    ]);
    const mail = createTunnelMail(options);
    return {
      endpoint: createMailEndpoint({ ...options, mail }),
      tunnels: createMailedTunnels({ ...options, mail }),
      async answer({ user, nodeName, request, head }) {
        const address = { nodeName, caller: callerOf(user), id: options.random.uuid() };
        await announceTunnel({ ...options, mail }, address, request(address.id));
        const key = Buffer.from(mail.keyOf(address)).toString('base64');
        const ticket: TunnelTicket = { id: address.id, node: nodeName, key, ...(head === undefined ? {} : { head }) };
        return new Response(JSON.stringify(ticket), { status: 201, headers: { 'content-type': ticketType, 'cache-control': 'no-store' } });
      },
    };
  }
  const parts = (): Promise<TunnelsByMail> => (loaded ??= load());
  return {
    answer: async (wanted) => (await parts()).answer(wanted),
    tunnels: { open: async (end, signal) => (await parts()).tunnels.open(end, signal) },
    endpoint: {
      entries: async (call) => (await parts()).endpoint.entries(call),
      listen: async (call) => (await parts()).endpoint.listen(call),
    },
  };
}
