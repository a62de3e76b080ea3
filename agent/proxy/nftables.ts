/** The kernel's table as text for `nft -f -`: whole, or the difference between two contents. */
import { mapNames, type Elements, type MapName, type ServiceRules } from './rules.ts';

export const tableName = 'hibernetes_services';

/** Set on connections whose source must become the node's, so that the answer comes back through it. */
const hideSource = '0x4000';

const types: Readonly<Record<MapName, string>> = {
  service_ips: 'type ipv4_addr . inet_proto . inet_service : verdict',
  service_endpoints: 'type ipv4_addr . inet_proto . inet_service . mark : ipv4_addr . inet_service',
  node_ports: 'type inet_proto . inet_service : verdict',
  node_port_endpoints: 'type inet_proto . inet_service . mark : ipv4_addr . inet_service',
  cluster_ips: 'type ipv4_addr',
  node_ips: 'type ipv4_addr',
  refused_ips: 'type ipv4_addr . inet_proto . inet_service',
  refused_node_ports: 'type inet_proto . inet_service',
  hairpins: 'type ipv4_addr . ipv4_addr',
};

const kindOf = (name: MapName): 'map' | 'set' => (types[name].includes(':') ? 'map' : 'set');

/** `goto` does not return: whoever is sent to an entry is done with the chains of services. */
const fixedChains = (clusterCidr: string): string => `
  chain pick {
    meta l4proto { tcp, udp, sctp } dnat ip to ip daddr . meta l4proto . th dport . meta mark map @service_endpoints
  }
  chain pick_node_port {
    meta l4proto { tcp, udp, sctp } dnat ip to meta l4proto . th dport . meta mark map @node_port_endpoints
  }
  chain from_inside {
    ip saddr != ${clusterCidr} ct mark set ct mark or ${hideSource}
    goto pick
  }
  chain from_outside {
    ct mark set ct mark or ${hideSource}
    goto pick
  }
  chain kept_source {
    goto pick
  }
  chain node_port {
    ct mark set ct mark or ${hideSource}
    goto pick_node_port
  }
  chain node_port_kept_source {
    goto pick_node_port
  }`;

/** They refer to the maps that refer to the chains of counts, so they come last. */
const hooks = `
  chain services {
    ip daddr . meta l4proto . th dport vmap @service_ips
    ip daddr @node_ips meta l4proto . th dport vmap @node_ports
  }
  chain arriving {
    type nat hook prerouting priority dstnat;
    jump services
  }
  chain local {
    type nat hook output priority -100;
    jump services
  }
  chain leaving {
    type nat hook postrouting priority srcnat;
    ct mark and ${hideSource} == ${hideSource} masquerade fully-random
    ct status dnat ip saddr . ip daddr @hairpins masquerade fully-random
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
  chain unanswered {
    ip daddr @cluster_ips goto refuse
    ip daddr . meta l4proto . th dport @refused_ips goto refuse
    ip daddr @node_ips meta l4proto . th dport @refused_node_ports goto refuse
  }
  chain unanswered_in {
    type filter hook input priority filter;
    jump unanswered
  }
  chain unanswered_forward {
    type filter hook forward priority filter;
    jump unanswered
  }
  chain unanswered_out {
    type filter hook output priority filter;
    jump unanswered
  }`;

/**
 * The chain for one count of endpoints: draws a number, then goes to how the packet came in. The seed is the same on
 * all nodes and after every load, so that a client stays with its endpoint.
 */
function chainBody(name: string): string {
  const [, spread = '', count = '', entry = ''] = /^(random|sticky)_(\d+)_(\w+)$/.exec(name) ?? [];
  const draw = spread === 'sticky' ? `jhash ip saddr mod ${count} seed 0x68696265` : `numgen random mod ${count}`;
  return `    meta mark set ${draw}\n    goto ${entry}\n`;
}

const element = ([key, value]: readonly [string, string]): string => (value === '' ? key : `${key} : ${value}`);

function declaration(name: MapName, elements: Elements): string {
  const content = elements.size === 0 ? '' : `    elements = { ${[...elements].map(element).join(',\n      ')} }\n`;
  return `  ${kindOf(name)} ${name} {\n    ${types[name]};\n${content}  }\n`;
}

/** Replaces whatever table is there in one transaction. */
export function wholeTable(rules: ServiceRules, clusterCidr: string): string {
  // A map may only jump to chains that come before it, and a chain may only look into maps that come before it.
  const endpointMaps: readonly MapName[] = ['service_endpoints', 'node_port_endpoints'];
  const rest = mapNames.filter((name) => !endpointMaps.includes(name));
  const declare = (names: readonly MapName[]): string => names.map((name) => declaration(name, rules.maps[name])).join('');
  const counted = [...rules.chains].map((name) => `  chain ${name} {\n${chainBody(name)}  }\n`).join('');
  return `add table ip ${tableName}
delete table ip ${tableName}
table ip ${tableName} {
${declare(endpointMaps)}${fixedChains(clusterCidr)}
${counted}${declare(rest)}${hooks}
}
`;
}

/** From one content to the next in one transaction; '' when they are equal. Chains that nobody needs any more stay. */
export function difference(from: ServiceRules, to: ServiceRules): string {
  const newChains = [...to.chains].filter((name) => !from.chains.has(name));
  const chains = newChains.map((name) => `table ip ${tableName} {\n  chain ${name} {\n${chainBody(name)}  }\n}\n`);
  const removals = mapNames.map((name) => elementCommand('delete', name, gone(from.maps[name], to.maps[name])));
  const additions = mapNames.map((name) => elementCommand('add', name, gone(to.maps[name], from.maps[name])));
  return [...chains, ...removals, ...additions].join('');
}

/** What is in the first, but not (or with another value) in the second. */
const gone = (first: Elements, second: Elements): Elements => new Map([...first].filter(([key, value]) => second.get(key) !== value));

function elementCommand(verb: 'add' | 'delete', map: MapName, elements: Elements): string {
  if (elements.size === 0) return '';
  const shown = [...elements].map(([key, value]) => (verb === 'add' ? element([key, value]) : key));
  return `${verb} element ip ${tableName} ${map} { ${shown.join(', ')} }\n`;
}

interface Listed {
  readonly nftables: readonly { readonly map?: ListedMap; readonly set?: ListedMap; readonly chain?: { readonly name: string } }[];
}

interface ListedMap {
  readonly name: string;
  readonly elem?: readonly unknown[];
}

/**
 * Whether the kernel's table (as `nft -j list table` prints it) has as many elements in each map, and at least the
 * chains, as we think. Somebody who flushes or deletes is noticed; somebody who forges elements is not our concern.
 */
export function isAsThought(listing: string, rules: ServiceRules): boolean {
  const { nftables }: Listed = JSON.parse(listing);
  const sizes = new Map(
    nftables.flatMap(({ map, set }) => [map, set]).flatMap((one) => (one === undefined ? [] : [[one.name, one.elem?.length ?? 0]])),
  );
  const chains = new Set(nftables.map(({ chain }) => chain?.name));
  return (
    mapNames.every((name) => sizes.get(name) === rules.maps[name].size) &&
    [...rules.chains, 'unanswered_out'].every((name) => chains.has(name))
  );
}
