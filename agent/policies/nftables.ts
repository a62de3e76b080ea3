/** The kernel's table of NetworkPolicies as text for `nft -f -`: whole, or what changed. */
import { fixedSets, type PolicyTables, type TableChanges } from './policy-tables.ts';

export const policyTable = 'hibernetes_policies';
const table = `inet ${policyTable}`;

/** Neighbours must find each other; the packets of a connection go as its first one did. */
const always = `    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept
`;
const toItself = `    ip saddr . ip daddr @own4 accept
    ip6 saddr . ip6 daddr @own6 accept
`;

/**
 * Both directions have chains of their own, since accepting ends one chain only. What the node itself sends to its pods is in
 * neither: so its probes arrive.
 */
const hooks = `
table ${table} {
  chain from_pods {
    type filter hook forward priority -10; policy accept;
${always}${toItself}    ip saddr vmap @egress4
    ip6 saddr vmap @egress6
  }
  chain from_pods_to_node {
    type filter hook input priority -10; policy accept;
${always}    ip saddr vmap @egress4
    ip6 saddr vmap @egress6
  }
  chain to_pods {
    type filter hook forward priority -9; policy accept;
${always}${toItself}    ip daddr vmap @ingress4
    ip6 daddr vmap @ingress6
  }
}
`;

export const fixedChainNames = ['from_pods', 'from_pods_to_node', 'to_pods'] as const;

function typeOf(set: string): string {
  const address = /^[a-z_]+6(_|$)/.test(set) ? 'ipv6_addr' : 'ipv4_addr';
  if (/^(ingress|egress)[46]$/.test(set)) return `map ${table} ${set} { type ${address} : verdict; }`;
  if (/^own[46]$/.test(set)) return `set ${table} ${set} { type ${address} . ${address}; }`;
  if (/^(own|other)_port/.test(set)) return `set ${table} ${set} { type ${address} . inet_proto . inet_service; }`;
  return `set ${table} ${set} { type ${address}; }`;
}

const declared = (set: string): string => `add ${typeOf(set)}\n`;

const element = ([key, value]: readonly [string, string]): string => (value === '' ? key : `${key} : ${value}`);

const added = (set: string, elements: ReadonlyMap<string, string>): string =>
  elements.size === 0 ? '' : `add element ${table} ${set} { ${[...elements].map(element).join(', ')} }\n`;

/** Chains first, all of them, so that they may jump to each other in whatever order. */
function written(chains: ReadonlyMap<string, readonly string[]>): string {
  const names = [...chains.keys()];
  return [
    ...names.map((name) => `add chain ${table} ${name}\n`),
    ...names.map((name) => `flush chain ${table} ${name}\n`),
    ...[...chains].flatMap(([name, lines]) => lines.map((line) => `add rule ${table} ${name} ${line}\n`)),
  ].join('');
}

/** Replaces whatever is there in one transaction. */
export function wholeTable({ sets, chains }: ReturnType<PolicyTables['whole']>): string {
  const names = [...sets.keys()];
  return [
    `add table ${table}\ndelete table ${table}\nadd table ${table}\n`,
    ...names.map(declared),
    written(chains),
    ...[...sets].map(([set, elements]) => added(set, elements)),
    hooks,
  ].join('');
}

/** No table: nothing is restricted, and no packet is delayed. */
export const noTable = `add table ${table}\ndelete table ${table}\n`;

/** '' when nothing changed. What is removed is emptied of all that refers to it before. */
export function changedTable({ sets, chains, chainsRemoved }: TableChanges): string {
  return [
    ...[...sets.made.keys()].map(declared),
    ...[...sets.deleted].map(([set, elements]) => `delete element ${table} ${set} { ${elements.join(', ')} }\n`),
    written(chains),
    ...[...sets.made, ...sets.added].map(([set, elements]) => added(set, elements)),
    ...chainsRemoved.map((name) => `flush chain ${table} ${name}\n`),
    ...chainsRemoved.map((name) => `delete chain ${table} ${name}\n`),
    ...sets.removed.map((set) => `delete set ${table} ${set}\n`),
  ].join('');
}

interface Listed {
  readonly nftables: readonly {
    readonly chain?: { readonly name: string };
    readonly set?: { readonly name: string };
    readonly map?: { readonly name: string };
  }[];
}

/** Whether the kernel's table, as `nft -j -t list table` prints it, has all that we put there. */
export function isAsThought(listing: string, { sets, chains }: ReturnType<PolicyTables['whole']>): boolean {
  const { nftables }: Listed = JSON.parse(listing);
  const names = new Set(nftables.map(({ chain, set, map }) => chain?.name ?? set?.name ?? map?.name));
  return [...sets.keys(), ...fixedSets, ...chains.keys(), ...fixedChainNames].every((name) => names.has(name));
}
