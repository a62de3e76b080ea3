/**
 * From policies, peers and the node's pods to chains and sets of the kernel, change by change: objects that are the same as
 * before cost a comparison. Decides only; `nftables.ts` words it, `policy-enforcer.ts` does it.
 *
 *   map ingress4: a pod's address ──▶ pods_ingress_… (one chain for all pods under the same policies)
 *                                       └─ jump ingress_… (one chain a policy), then drop
 */
import { createHash } from 'node:crypto';
import type { NetworkPolicy, Pod } from '../../functions/kube/generated/types.ts';
import { keyText, nameOf, namespaceOf, uidOf, type KubeObject } from '../../functions/kube/object.ts';
import { hasOwnNetwork, nameServerPeer, namedPortsOf, type PeerPort, type PolicyPeer } from '../../functions/kube/policy-peers.ts';
import { ElementSets, type SetChanges } from './element-sets.ts';
import { chainOf, groupSet, policyChains, portSet, type Direction, type Family, type PolicyChains } from './policy-chains.ts';

export interface ProtectedPod {
  readonly pod: Pod;
  readonly addresses: readonly string[];
  readonly policies: readonly NetworkPolicy[];
}

export interface PolicyInput {
  readonly pods: readonly ProtectedPod[];
  readonly policies: readonly NetworkPolicy[];
  readonly peers: readonly PolicyPeer[];
  /** The address of the name server; empty where there is none. */
  readonly nameServer: string;
}

export interface TableChanges {
  readonly sets: SetChanges;
  /** Chains that are new or have other lines. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly chainsRemoved: readonly string[];
}

export interface PolicyTables {
  /** The changes of the kernel's tables that the input asks for. */
  update(input: PolicyInput): TableChanges;
  /** The whole, for a kernel that has nothing. */
  whole(): { readonly sets: ReadonlyMap<string, ReadonlyMap<string, string>>; readonly chains: ReadonlyMap<string, readonly string[]> };
  isEmpty(): boolean;
}

/** The sets that the fixed chains read. */
export const fixedSets = ['ingress4', 'ingress6', 'egress4', 'egress6', 'own4', 'own6'] as const;

const familyOf = (address: string): Family => (address.includes(':') ? 6 : 4);
const keyOf = (object: KubeObject): string => keyText({ namespace: namespaceOf(object), name: nameOf(object) });
const directions: readonly Direction[] = ['ingress', 'egress'];

/** Elements of sets, as `[set, element, value]`. */
type Elements = readonly (readonly [string, string, string?])[];

interface KnownPod {
  readonly input: ProtectedPod;
  readonly elements: Elements;
  readonly chains: readonly string[];
}

export const createPolicyTables = (): PolicyTables => new Tables();

const portElements = (whose: 'own' | 'other', ports: readonly PeerPort[], address: string): Elements =>
  ports.map((port) => [portSet(whose, port, familyOf(address)), `${address} . ${port.protocol.toLowerCase()} . ${port.port}`]);

class Tables implements PolicyTables {
  readonly #sets = new ElementSets();
  readonly #policies = new Map<string, { readonly policy: NetworkPolicy; readonly chains: PolicyChains }>();
  readonly #peers = new Map<string, { readonly peer: PolicyPeer; readonly elements: Elements }>();
  readonly #pods = new Map<string, KnownPod>();
  readonly #chains = new Map<string, readonly string[]>();
  /** How many pods are sent to a chain of pods. */
  readonly #users = new Map<string, number>();
  readonly #touched = new Set<string>();

  constructor() {
    for (const set of fixedSets) this.#sets.read(set);
  }

  update(input: PolicyInput): TableChanges {
    const before = new Set(this.#chains.keys());
    this.#touched.clear();
    this.#updatePolicies(input.policies);
    this.#updatePeers(input);
    this.#updatePods(input.pods);
    const changed = [...this.#touched].flatMap((name) => {
      const lines = this.#chains.get(name);
      return lines === undefined ? [] : [[name, lines] as const];
    });
    const chainsRemoved = [...this.#touched].filter((name) => before.has(name) && !this.#chains.has(name));
    return { sets: this.#sets.changes(), chains: new Map(changed), chainsRemoved };
  }

  whole(): ReturnType<PolicyTables['whole']> {
    return { sets: this.#sets.all(), chains: this.#chains };
  }

  isEmpty(): boolean {
    return this.#policies.size === 0;
  }

  #setChain(name: string, lines: readonly string[] | undefined): void {
    this.#touched.add(name);
    if (lines === undefined) this.#chains.delete(name);
    else this.#chains.set(name, lines);
  }

  #updatePolicies(policies: readonly NetworkPolicy[]): void {
    const now = new Map(policies.map((policy) => [keyOf(policy), policy]));
    for (const [key, { policy, chains }] of this.#policies) {
      if (now.get(key) === policy) continue;
      this.#policies.delete(key);
      for (const set of chains.sets) this.#sets.unread(set);
      for (const direction of directions) if (chains[direction] !== undefined) this.#setChain(chainOf(direction, policy), undefined);
    }
    for (const [key, policy] of now) {
      if (this.#policies.has(key)) continue;
      const chains = policyChains(policy);
      this.#policies.set(key, { policy, chains });
      for (const set of chains.sets) this.#sets.read(set);
      for (const direction of directions)
        if (chains[direction] !== undefined) this.#setChain(chainOf(direction, policy), chains[direction]);
    }
  }

  #updatePeers({ peers, nameServer }: PolicyInput): void {
    const now = new Map(peers.map((peer) => [keyOf(peer), peer]));
    for (const [key, { peer, elements }] of this.#peers) {
      if (now.get(key) === peer) continue;
      this.#peers.delete(key);
      for (const [set, element] of elements) this.#sets.remove(set, element);
    }
    for (const [key, peer] of now) {
      if (this.#peers.has(key)) continue;
      const elements = peerElements(peer, nameServer);
      this.#peers.set(key, { peer, elements });
      for (const [set, element] of elements) this.#sets.add(set, element);
    }
  }

  #updatePods(pods: readonly ProtectedPod[]): void {
    const now = new Map(pods.filter(({ pod }) => hasOwnNetwork(pod)).map((input) => [uidOf(input.pod), input]));
    for (const [uid, known] of this.#pods) {
      if (isSame(known.input, now.get(uid))) continue;
      this.#pods.delete(uid);
      for (const [set, element] of known.elements) this.#sets.remove(set, element);
      for (const name of known.chains) this.#leave(name);
    }
    for (const [uid, input] of now) {
      if (this.#pods.has(uid)) continue;
      const targets = directions.flatMap((direction) => this.#target(direction, input.policies) ?? []);
      const elements = input.addresses.flatMap((address) => [
        [`own${familyOf(address)}`, `${address} . ${address}`] as const,
        ...targets.map(({ direction, name }) => [`${direction}${familyOf(address)}`, address, `goto ${name}`] as const),
        ...portElements('own', namedPortsOf(input.pod), address),
      ]);
      this.#pods.set(uid, { input, elements, chains: targets.map(({ name }) => name) });
      for (const [set, element, value] of elements) this.#sets.add(set, element, value);
    }
    for (const [name, count] of this.#users) {
      if (count > 0) continue;
      this.#users.delete(name);
      this.#setChain(name, undefined);
    }
  }

  /** The chain for pods under these policies, which is made when it is the first. Undefined: nothing restricts the pod. */
  #target(direction: Direction, policies: readonly NetworkPolicy[]): { direction: Direction; name: string } | undefined {
    const own = policies.filter((policy) => this.#policies.get(keyOf(policy))?.chains[direction] !== undefined);
    if (own.length === 0) return undefined;
    const jumps = own.map((policy) => `jump ${chainOf(direction, policy)}`).sort();
    const name = `pods_${direction}_${createHash('sha256').update(jumps.join()).digest('hex').slice(0, 12)}`;
    if (!this.#chains.has(name)) this.#setChain(name, [...jumps, 'drop']);
    this.#users.set(name, (this.#users.get(name) ?? 0) + 1);
    return { direction, name };
  }

  #leave(name: string): void {
    this.#users.set(name, (this.#users.get(name) ?? 0) - 1);
  }
}

function peerElements({ addresses, groups, ports = [], isNameServer }: PolicyPeer, nameServer: string): Elements {
  const all = isNameServer === true ? (nameServer === '' ? [] : [nameServer]) : addresses;
  const named = isNameServer === true ? nameServerPeer.ports : ports;
  return all.flatMap((address) => [
    ...groups.map((group) => [groupSet(group, familyOf(address)), address] as const),
    ...portElements('other', named, address),
  ]);
}

const sameItems = <T>(one: readonly T[], other: readonly T[]): boolean =>
  one.length === other.length && one.every((item, index) => item === other[index]);

/** What the kernel knows of a pod follows from its spec's ports, its addresses and its policies. */
function isSame(before: ProtectedPod, now: ProtectedPod | undefined): boolean {
  if (now === undefined || !sameItems(before.addresses, now.addresses) || !sameItems(before.policies, now.policies)) return false;
  if (before.pod === now.pod) return true;
  const ports = (pod: Pod): string => JSON.stringify(namedPortsOf(pod));
  return ports(before.pod) === ports(now.pod);
}
