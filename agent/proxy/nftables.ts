/** The kernel's table as text for `nft -f -`: whole, or the difference between two contents. */
import { hideSource } from './chains.ts';
import { mapNames, type Elements, type MapName, type ServiceRules } from './rules.ts';

export const tableName = 'hibernetes_services';

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
  firewalled_ips: 'type ipv4_addr . inet_proto . inet_service : verdict',
  service_cidrs: 'type ipv4_addr; flags interval',
};

const kindOf = (name: MapName): 'map' | 'set' => (types[name].includes(':') ? 'map' : 'set');

/** `goto` does not return: a packet that is sent to an entry is done with the chains of services. */
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

/** They refer to the maps that refer to the chains that draw, so they come last. */
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
  chain firewall {
    ct state new ip daddr . meta l4proto . th dport vmap @firewalled_ips
  }
  chain firewall_arriving {
    type filter hook prerouting priority -110;
    jump firewall
  }
  chain firewall_local {
    type filter hook output priority -110;
    jump firewall
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }
  chain unanswered {
    ip daddr @cluster_ips goto refuse
    ip daddr . meta l4proto . th dport @refused_ips goto refuse
    ip daddr @node_ips meta l4proto . th dport @refused_node_ports goto refuse
    ip daddr @service_cidrs fib daddr type != local drop
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

/** Clients that one port of a service remembers; those beyond are served all the same. */
const rememberedMax = 65_536;
const memoryText = (name: string): string =>
  `add map ip ${tableName} ${name} { type ipv4_addr : mark; size ${rememberedMax}; flags dynamic,timeout; }\n`;

/** All of them first, so that they may go to each other. */
const chainsText = (chains: ReadonlyMap<string, readonly string[]>): string =>
  [
    ...[...chains.keys()].map((name) => `add chain ip ${tableName} ${name}\n`),
    ...[...chains].flatMap(([name, lines]) => lines.map((line) => `add rule ip ${tableName} ${name} ${line}\n`)),
  ].join('');

const element = ([key, value]: readonly [string, string]): string => (value === '' ? key : `${key} : ${value}`);

function declaration(name: MapName, elements: Elements): string {
  const content = elements.size === 0 ? '' : `    elements = { ${[...elements].map(element).join(',\n      ')} }\n`;
  return `  ${kindOf(name)} ${name} {\n    ${types[name]};\n${content}  }\n`;
}

/** Elements of memories, by name, as they stood in a table that is replaced. */
export type Remembered = ReadonlyMap<string, readonly string[]>;

/** Replaces whatever table is there in one transaction. */
export function wholeTable(rules: ServiceRules, clusterCidr: string, remembered: Remembered = new Map()): string {
  // A map may only name chains that come before it. A chain may only use maps that come before it.
  const endpointMaps: readonly MapName[] = ['service_endpoints', 'node_port_endpoints'];
  const rest = mapNames.filter((name) => !endpointMaps.includes(name));
  const declare = (names: readonly MapName[]): string => names.map((name) => declaration(name, rules.maps[name])).join('');
  const memories = [...rules.memories].map((name) => {
    const elements = remembered.get(name) ?? [];
    const known = elements.length === 0 ? '' : `add element ip ${tableName} ${name} { ${elements.join(', ')} }\n`;
    return `${memoryText(name)}${known}`;
  });
  return `add table ip ${tableName}
delete table ip ${tableName}
table ip ${tableName} {
${declare(endpointMaps)}${fixedChains(clusterCidr)}
}
${memories.join('')}${chainsText(rules.chains)}table ip ${tableName} {
${declare(rest)}${hooks}
}
`;
}

/** From one content to the next in one transaction; '' when they are equal. */
export function difference(from: ServiceRules, to: ServiceRules): string {
  const come = new Map([...to.chains].filter(([name]) => !from.chains.has(name)));
  const left = [...from.chains.keys()].filter((name) => !to.chains.has(name));
  return [
    ...[...to.memories].filter((name) => !from.memories.has(name)).map(memoryText),
    chainsText(come),
    ...mapNames.map((name) => elementCommand('delete', name, gone(from.maps[name], to.maps[name]))),
    ...mapNames.map((name) => elementCommand('add', name, gone(to.maps[name], from.maps[name]))),
    // They may go to each other: all are emptied before the first goes.
    ...left.map((name) => `flush chain ip ${tableName} ${name}\n`),
    ...left.map((name) => `delete chain ip ${tableName} ${name}\n`),
    ...[...from.memories].filter((name) => !to.memories.has(name)).map((name) => `delete map ip ${tableName} ${name}\n`),
  ].join('');
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
 * Whether the kernel's table (as `nft -j list table` prints it) has the expected chains, and maps of the expected sizes.
 * This notices another program that flushes or deletes, but none that forges elements.
 */
export function isAsThought(listing: string, rules: ServiceRules): boolean {
  const { nftables }: Listed = JSON.parse(listing);
  const sizes = new Map(
    nftables.flatMap(({ map, set }) => [map, set]).flatMap((one) => (one === undefined ? [] : [[one.name, one.elem?.length ?? 0]])),
  );
  const chains = new Set(nftables.map(({ chain }) => chain?.name));
  return (
    mapNames.every((name) => sizes.get(name) === rules.maps[name].size) &&
    [...rules.memories].every((name) => sizes.has(name)) &&
    [...rules.chains.keys(), 'unanswered_out'].every((name) => chains.has(name))
  );
}

interface RememberedClient {
  readonly elem: { readonly val: string; readonly timeout?: number; readonly expires: number };
}

/** What the kernel remembers of clients, in the same print, as elements for `wholeTable`. */
export function rememberedIn(listing: string): Remembered {
  const { nftables }: Listed = JSON.parse(listing);
  const memories = nftables.flatMap(({ map }) => (map?.name.startsWith('affinity_') === true ? [map] : []));
  return new Map(
    memories.map(({ name, elem = [] }) => [
      name,
      (elem as readonly (readonly [RememberedClient, number])[]).flatMap(([{ elem: client }, number]) =>
        // What would expire at once could not be added.
        client.expires < 1 ? [] : [`${client.val} timeout ${client.timeout ?? client.expires}s expires ${client.expires}s : ${number}`],
      ),
    ]),
  );
}
