/**
 * One NetworkPolicy as chains of the kernel: what it lets pass is accepted, all else returns. The peers' addresses are in
 * sets beside the chains, so that no chain changes when pods come and go.
 */
import { createHash } from 'node:crypto';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../functions/kube/generated/types.ts';
import { parseIpRange } from '../../functions/kube/ip.ts';
import { nameOf, namespaceOf } from '../../functions/kube/object.ts';
import { groupOfPeer, isPolicyType } from '../../functions/kube/policy-peers.ts';

export type Direction = 'ingress' | 'egress';

export interface PolicyChains {
  /** Lines; undefined where the policy is not of that type. */
  readonly ingress: readonly string[] | undefined;
  readonly egress: readonly string[] | undefined;
  /** The sets that the lines read. */
  readonly sets: ReadonlySet<string>;
}

const hashLength = 12;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, hashLength);

/** The name of a policy's chain. */
export const chainOf = (direction: Direction, policy: NetworkPolicy): string =>
  `${direction}_${hash(`${namespaceOf(policy)}/${nameOf(policy)}`)}`;

export type Family = 4 | 6;

export const groupSet = (key: string, family: Family): string => `group${family}_${key}`;

/** Ports by name: of the node's own pods, or of those that its pods call. */
export const portSet = (whose: 'own' | 'other', port: { readonly name: string; readonly protocol: string }, family: Family): string =>
  `${whose}_port${family}_${hash(`${port.protocol}/${port.name}`)}`;

/** A condition of a rule; without a family it holds for both. */
interface Match {
  readonly family?: Family;
  readonly text: string;
}

const families: readonly Family[] = [4, 6];
const protocolOf = (family: Family): string => (family === 4 ? 'ip' : 'ip6');
const anything: readonly Match[] = [{ text: '' }];

class Draft {
  readonly sets = new Set<string>();

  set(name: string): string {
    this.sets.add(name);
    return `@${name}`;
  }
}

function groupMatches(key: string, side: string, draft: Draft): Match[] {
  return families.map((family) => ({ family, text: `${protocolOf(family)} ${side} ${draft.set(groupSet(key, family))}` }));
}

/** A block of all addresses matches by its family alone. */
function rangeMatch(range: string, side: string): Match | undefined {
  const parsed = parseIpRange(range);
  if (parsed === undefined) return undefined;
  const family: Family = parsed.address.bits === 32 ? 4 : 6;
  return { family, text: parsed.prefix === 0 ? `meta nfproto ipv${family}` : `${protocolOf(family)} ${side} ${parsed.text}` };
}

function blockMatches({ cidr, except = [] }: IPBlock, side: string): Match[] {
  const whole = rangeMatch(cidr ?? '', side);
  if (whole === undefined) return [];
  const without = except.flatMap((range) => {
    const match = rangeMatch(range, `${side} !=`);
    return match !== undefined && match.family === whole.family ? [match.text] : [];
  });
  return [{ ...whole, text: [whole.text, ...without].join(' ') }];
}

function peerMatches(peer: NetworkPolicyPeer, namespace: string, side: string, draft: Draft): Match[] {
  const group = groupOfPeer(peer, namespace);
  if (group !== undefined) return groupMatches(group.key, side, draft);
  return peer.ipBlock === undefined ? [] : blockMatches(peer.ipBlock, side);
}

type Interval = readonly [number, number];

const portMax = 65_535;

/** nft refuses intervals that overlap. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
  const result: [number, number][] = [];
  for (const [from, to] of intervals.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function numberMatches(protocol: string, ports: readonly NetworkPolicyPort[]): Match[] {
  const numbers = ports.flatMap(({ port, endPort }): Interval[] =>
    typeof port === 'number' ? [[port, endPort ?? port]] : port === undefined ? [[0, portMax]] : [],
  );
  if (numbers.length === 0) return [];
  const intervals = merged(numbers);
  const [first] = intervals;
  if (first?.[0] === 0 && first[1] === portMax) return [{ text: `meta l4proto ${protocol}` }];
  const shown = intervals.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
  return [{ text: `meta l4proto ${protocol} th dport { ${shown} }` }];
}

function portMatches(ports: readonly NetworkPolicyPort[], whose: 'own' | 'other', draft: Draft): Match[] {
  const byProtocol = Map.groupBy(ports, ({ protocol = 'TCP' }) => protocol);
  return [...byProtocol].flatMap(([protocol, same]) => {
    const names = new Set(same.flatMap(({ port }) => (typeof port === 'string' ? [port] : [])));
    const named = [...names].flatMap((name) =>
      families.map((family) => {
        const set = draft.set(portSet(whose, { name, protocol }, family));
        return { family, text: `${protocolOf(family)} daddr . meta l4proto . th dport ${set}` };
      }),
    );
    return [...numberMatches(protocol.toLowerCase(), same), ...named];
  });
}

interface Rule {
  readonly peers: readonly NetworkPolicyPeer[] | undefined;
  readonly ports: readonly NetworkPolicyPort[] | undefined;
}

/** One line for each pair of a peer and a kind of port. */
function ruleLines({ peers = [], ports = [] }: Rule, direction: Direction, namespace: string, draft: Draft): string[] {
  const side = direction === 'ingress' ? 'saddr' : 'daddr';
  const from = peers.length === 0 ? anything : peers.flatMap((peer) => peerMatches(peer, namespace, side, draft));
  const at = ports.length === 0 ? anything : portMatches(ports, direction === 'ingress' ? 'own' : 'other', draft);
  return from.flatMap((source) =>
    at
      .filter(({ family }) => family === undefined || source.family === undefined || family === source.family)
      .map((port) => [source.text, port.text, 'accept'].filter((part) => part !== '').join(' ')),
  );
}

export function policyChains(policy: NetworkPolicy): PolicyChains {
  const draft = new Draft();
  const namespace = namespaceOf(policy);
  const { ingress = [], egress = [] } = policy.spec ?? {};
  const inwards = ingress.flatMap(({ from, ports }) => ruleLines({ peers: from, ports }, 'ingress', namespace, draft));
  const outwards = egress.flatMap(({ to, ports }) => ruleLines({ peers: to, ports }, 'egress', namespace, draft));
  return {
    ingress: isPolicyType(policy, 'Ingress') ? inwards : undefined,
    egress: isPolicyType(policy, 'Egress') ? outwards : undefined,
    sets: draft.sets,
  };
}
