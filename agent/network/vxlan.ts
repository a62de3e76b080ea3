/**
 * Packets between pods of different nodes travel inside UDP packets between the nodes, which need not be neighbours. Nodes
 * exchange no messages: the far end of a tunnel has the first address of its node's range. Its hardware address is made of
 * that address.
 *
 *   pod ─ cni0 ─ route: 10.244.2.0/24 via 10.244.2.0 ─ hib-vxlan ─ fdb: 0a:58:0a:f4:02:00 is at 192.168.0.2 ─ UDP 4789
 */
import { parseIpv4Range, ipv4Text } from '../../functions/kube/ipv4.ts';
import type { Log } from '../../functions/world.ts';
import { bridgeName } from './conflist.ts';
import { tryCommand } from './host-gateway.ts';
import type { BackEnd, Peers } from './pod-network.ts';
import { routeProtocol, type ListedRoute, type Routes } from './routes.ts';
import type { Run } from './run.ts';

export const vxlanLink = 'hib-vxlan';
const networkId = 1;
/** Source: RFC 7348. */
const port = 4789;
/** Outer Ethernet, IPv4, UDP and VXLAN headers. */
const overheadBytes = 50;
const table = 'hibernetes_vxlan';

/** The address of the tunnel's end at the node that has the range. */
const endOf = (range: string): string => ipv4Text(parseIpv4Range(range).first);

/** Locally administered, as the CNI plug-ins make those of pods. */
const hardwareAddress = (end: string): string =>
  `0a:58:${end
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`;

interface ListedVxlan {
  readonly ifname?: string;
  readonly address?: string;
  readonly mtu?: number;
  readonly linkinfo?: { readonly info_data?: { readonly id?: number; readonly local?: string; readonly port?: number } };
}

const isAsWanted = ({ address, mtu, linkinfo }: ListedVxlan, peers: Peers): boolean =>
  address === hardwareAddress(endOf(peers.range)) &&
  mtu === peers.mtu - overheadBytes &&
  linkinfo?.info_data?.local === peers.address &&
  linkinfo.info_data.id === networkId &&
  linkinfo.info_data.port === port;

/** Nodes alone may send to the tunnel's end: a packet in it is believed to come from the pod that it names. */
const firewall = (peers: Peers): string => `add table ip ${table}
delete table ip ${table}
table ip ${table} {
  set nodes { type ipv4_addr; elements = { ${[...new Set([peers.address, ...peers.routes.values()])].join(', ')} } }
  chain arriving {
    type filter hook input priority -20; policy accept;
    udp dport ${port} ip saddr != @nodes drop
    udp dport ${port} iifname "${bridgeName}" drop
  }
  chain from_pods {
    type filter hook forward priority -20; policy accept;
    udp dport ${port} iifname "${bridgeName}" ip daddr @nodes drop
  }
}
`;

interface ListedNeighbour {
  readonly dst?: string;
  readonly lladdr?: string;
}

interface ListedForward {
  readonly mac: string;
  readonly dst?: string;
}

/** What the kernel has of the tunnel now. */
interface Present {
  readonly routes: readonly ListedRoute[];
  readonly neighbours: readonly ListedNeighbour[];
  readonly forwards: readonly ListedForward[];
}

/** What turns the one into the other, removals first; the arguments of `ip` and `bridge`. */
export function tunnelCommands(routes: Routes, present: Present): readonly (readonly string[])[] {
  const wanted = [...routes].map(([range, node]) => ({ range, node, end: endOf(range), mac: hardwareAddress(endOf(range)) }));
  const [ends, macs] = [new Set(wanted.map(({ end }) => end)), new Set(wanted.map(({ mac }) => mac))];
  const has = {
    route: new Map(present.routes.map(({ dst, gateway = '' }) => [dst, gateway])),
    neighbour: new Map(present.neighbours.map(({ dst = '', lladdr = '' }) => [dst, lladdr])),
    forward: new Map(present.forwards.filter(({ dst }) => dst !== undefined).map(({ mac, dst = '' }) => [mac, dst])),
  };
  return [
    ...[...has.route.keys()]
      .filter((range) => !routes.has(range))
      .map((range) => ['ip', '-4', 'route', 'delete', range, 'proto', routeProtocol]),
    ...[...has.neighbour.keys()].filter((end) => !ends.has(end)).map((end) => ['ip', 'neigh', 'delete', end, 'dev', vxlanLink]),
    ...[...has.forward]
      .filter(([mac]) => !macs.has(mac))
      .map(([mac, dst]) => ['bridge', 'fdb', 'delete', mac, 'dev', vxlanLink, 'dst', dst]),
    ...wanted
      .filter(({ mac, node }) => has.forward.get(mac) !== node)
      .map(({ mac, node }) => ['bridge', 'fdb', 'replace', mac, 'dev', vxlanLink, 'dst', node, 'self', 'permanent']),
    ...wanted
      .filter(({ end, mac }) => has.neighbour.get(end) !== mac)
      .map(({ end, mac }) => ['ip', 'neigh', 'replace', end, 'lladdr', mac, 'dev', vxlanLink, 'nud', 'permanent']),
    ...wanted
      .filter(({ range, end }) => has.route.get(range) !== end)
      .map(({ range, end }) => ['ip', '-4', 'route', 'replace', range, 'via', end, 'dev', vxlanLink, 'onlink', 'proto', routeProtocol]),
  ];
}

export function createVxlan({ run, log }: { readonly run: Run; readonly log: Log }): BackEnd {
  let guarded = '';

  const listed = async <T>(command: readonly string[]): Promise<readonly T[]> => JSON.parse((await run(command)) || '[]');

  const ensureLink = async (peers: Peers): Promise<void> => {
    const found = (await listed<ListedVxlan>(['ip', '-j', '-d', 'link', 'show', 'type', 'vxlan'])).find(
      ({ ifname }) => ifname === vxlanLink,
    );
    if (found !== undefined && isAsWanted(found, peers)) return;
    if (found !== undefined) await run(['ip', 'link', 'delete', vxlanLink]);
    const end = endOf(peers.range);
    const how = ['type', 'vxlan', 'id', `${networkId}`, 'local', peers.address, 'dstport', `${port}`, 'nolearning'];
    await run(['ip', 'link', 'add', vxlanLink, 'mtu', `${peers.mtu - overheadBytes}`, 'address', hardwareAddress(end), ...how]);
    await run(['ip', 'addr', 'replace', `${end}/32`, 'dev', vxlanLink]);
    await run(['ip', 'link', 'set', vxlanLink, 'up']);
    log.info('Packets to other nodes’ pods travel in VXLAN', { link: vxlanLink, port, local: peers.address });
  };

  const guard = async (peers: Peers): Promise<void> => {
    const text = firewall(peers);
    if (text !== guarded) await run(['nft', '-f', '-'], { input: text });
    guarded = text;
  };

  return {
    overheadBytes,
    needsNeighbours: false,
    async connect(peers) {
      await guard(peers);
      await ensureLink(peers);
      const present: Present = {
        routes: await listed(['ip', '-j', '-4', 'route', 'show', 'proto', routeProtocol]),
        neighbours: await listed(['ip', '-j', '-4', 'neigh', 'show', 'dev', vxlanLink, 'nud', 'permanent']),
        forwards: await listed(['bridge', '-j', 'fdb', 'show', 'dev', vxlanLink]),
      };
      for (const command of tunnelCommands(peers.routes, present)) await tryCommand(run, log, command);
    },
  };
}
