/** How the runtime connects pods: the CNI configuration of one node. */

interface ConflistOptions {
  readonly podCIDR: string;
  /** Where host-local remembers addresses; the plugin's default is one place for the whole machine. */
  readonly ipamDirectory: string;
  readonly mtu: number;
}

export const bridgeName = 'cni0';

/**
 * No masquerading here: agent/network does it once for the node, and knows the range of the whole cluster. Hairpin, so
 * that a pod can reach itself through its service.
 */
export function conflist({ podCIDR, ipamDirectory, mtu }: ConflistOptions): string {
  const bridge = {
    type: 'bridge',
    bridge: bridgeName,
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    mtu,
    ipam: { type: 'host-local', dataDir: ipamDirectory, ranges: [[{ subnet: podCIDR }]], routes: [{ dst: '0.0.0.0/0' }] },
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true }, snat: true };
  return `${JSON.stringify({ cniVersion: '0.4.0', name: 'pods', plugins: [bridge, portmap] }, null, 2)}\n`;
}
