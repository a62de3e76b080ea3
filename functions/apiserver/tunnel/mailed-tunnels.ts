/** Tunnels for callers in this process, where the node's agent talks to another one: by sealed mailboxes of the table. */
import type { TunnelledRequest } from '../../node-protocol/node-poll.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { Store } from '../../store/store.ts';
import type { Carrier } from '../../tunnel/carrier.ts';
import type { World } from '../../world.ts';
import { announce, waitingMsMax } from '../relay/waiting-relays.ts';
import type { Direction } from '../../tunnel/sealed-entry.ts';
import { MailedSocket } from './mailed-socket.ts';
import type { TunnelAddress, TunnelMail } from './tunnel-mail.ts';
import { type Tunnels, tooManyTunnels, tunnelsOpenMax } from './tunnels.ts';

export interface MailedTunnelOptions extends Pick<World, 'clock' | 'random'> {
  readonly mail: TunnelMail;
  readonly store: Pick<Store, 'commit'>;
}

/** The caller's name of this API; users have one that is longer. */
const apiCaller = 'api';

export const tableCarrier = (mail: TunnelMail, address: TunnelAddress, own: Direction): Carrier => ({
  put: (entry) => mail.put(address, own, entry),
  entries: (signal) => mail.entries(address, { direction: own === 'down' ? 'up' : 'down', after: 0, signal }),
});

/** Makes a tunnel known to its node. */
export async function announceTunnel(
  { mail, store, clock }: Pick<MailedTunnelOptions, 'mail' | 'store' | 'clock'>,
  address: TunnelAddress,
  request: TunnelledRequest,
): Promise<void> {
  await mail.open(address, request);
  const { nodeName, caller, id } = address;
  const nowMs = clock.now();
  await store.commit(announce({ nodeName, request: { id, transport: 'mail', caller }, untilMs: nowMs + waitingMsMax }, nowMs));
}

export function createMailedTunnels(options: MailedTunnelOptions): Tunnels {
  const { mail, clock, random } = options;
  let open = 0;

  async function opened(stream: MailedSocket, nodeName: string, signal: AbortSignal): Promise<void> {
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(waitingMsMax, () => late.reject(timedOut(nodeName)));
    const leave = (): void => late.reject(clientLeft);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await Promise.race([stream.accepted, late.promise]);
      // It may have broken since then, and then no event follows.
      if (stream.errored !== null) throw stream.errored;
    } catch (error) {
      stream.destroy();
      throw error;
    } finally {
      cancel();
      signal.removeEventListener('abort', leave);
    }
  }

  return {
    async open({ nodeName, target }, signal) {
      if (signal.aborted) throw clientLeft;
      if (open >= tunnelsOpenMax) throw tooManyTunnels;
      open += 1;
      const address = { nodeName, caller: apiCaller, id: random.uuid() };
      try {
        await announceTunnel(options, address, { id: address.id, transport: 'tunnel', target });
      } catch (error) {
        open -= 1;
        throw error;
      }
      const carrier = tableCarrier(mail, address, 'down');
      const stream = new MailedSocket({ tunnel: address.id, key: mail.keyOf(address), side: 'caller', carrier, clock, random });
      stream.once('close', () => (open -= 1));
      // Its reader gets the error; without one, nothing depends on the stream any more.
      stream.on('error', () => stream.destroy());
      await opened(stream, nodeName, signal);
      return stream;
    },
  };
}

const clientLeft = new StatusError(499, 'Timeout', 'the client went away');

const timedOut = (nodeName: string): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: the agent of node "${nodeName}" did not answer within ${waitingMsMax / 1000} seconds`);
