/** Tunnels by mail with all their parts, which are loaded when the first one is wanted: most processes carry none. */
import type { Store } from '../../store/store.ts';
import type { World } from '../../world.ts';
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

export interface TunnelsByMail {
  readonly tunnels: Tunnels;
  readonly endpoint: MailEndpoint;
}

export function createTunnelsByMail(options: TunnelsByMailOptions): TunnelsByMail {
  let loaded: Promise<TunnelsByMail> | undefined;
  async function load(): Promise<TunnelsByMail> {
    const [{ createTunnelMail }, { createMailEndpoint }, { createMailedTunnels }] = await Promise.all([
      import('./tunnel-mail.ts'),
      import('./mail-endpoint.ts'),
      import('./mailed-tunnels.ts'),
    ]);
    const mail = createTunnelMail(options);
    return { endpoint: createMailEndpoint({ ...options, mail }), tunnels: createMailedTunnels({ ...options, mail }) };
  }
  const parts = (): Promise<TunnelsByMail> => (loaded ??= load());
  return {
    tunnels: { open: async (end, signal) => (await parts()).tunnels.open(end, signal) },
    endpoint: {
      entries: async (call) => (await parts()).endpoint.entries(call),
      listen: async (call) => (await parts()).endpoint.listen(call),
    },
  };
}
