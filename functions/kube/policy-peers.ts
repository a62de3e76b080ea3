/**
 * Whom a NetworkPolicy's rules mean by their selectors, as the control plane works it out for nodes: a node gets addresses,
 * not the labels of other nodes' pods. Control plane and agent find the same group by its key. Pure.
 */
import { createHash } from 'node:crypto';
import type { LabelSelector, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Pod } from './generated/types.ts';
import { matchesLabels, requirementsOf, selectorText } from './labels.ts';
import type { KubeObject } from './object.ts';
import { labelsOf, namespaceOf } from './object.ts';

/** All pods that one peer of a rule selects. */
export interface PeerGroup {
  readonly key: string;
  /** The pods' namespace; undefined where `namespaceSelector` chooses the namespaces. */
  readonly namespace: string | undefined;
  readonly namespaceSelector: LabelSelector | undefined;
  readonly podSelector: LabelSelector;
}

export interface PeerPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

/** What a node gets of a pod that one of its policies selects as a peer. */
export interface PolicyPeer extends KubeObject {
  readonly addresses: readonly string[];
  /** The keys of the groups that the pod is in, of those that the node needs. */
  readonly groups: readonly string[];
  /** Ports that egress rules name. */
  readonly ports?: readonly PeerPort[];
  /** Stands for the node's own name server: its address is the node's affair. */
  readonly isNameServer?: boolean;
}

export const policyPeerKind = 'PolicyPeer';

/** As if the name server were a pod, so that policies that let pods ask the cluster's DNS mean ours. */
export const nameServerPeer = {
  namespace: 'kube-system',
  name: 'kube-dns',
  uid: 'name-server',
  labels: { 'k8s-app': 'kube-dns' },
  ports: [
    { name: 'dns', protocol: 'UDP', port: 53 },
    { name: 'dns-tcp', protocol: 'TCP', port: 53 },
  ],
} as const;

const keyLength = 12;

function peerGroup(namespace: string | undefined, podSelector: LabelSelector, namespaceSelector: LabelSelector | undefined): PeerGroup {
  const text = [namespace ?? '', selectorText(podSelector), namespaceSelector === undefined ? '-' : `+${selectorText(namespaceSelector)}`];
  const key = createHash('sha256').update(JSON.stringify(text)).digest('hex').slice(0, keyLength);
  return { key, namespace, namespaceSelector, podSelector };
}

/** Undefined for a block of addresses. */
export function groupOfPeer({ podSelector, namespaceSelector }: NetworkPolicyPeer, policyNamespace: string): PeerGroup | undefined {
  if (podSelector === undefined && namespaceSelector === undefined) return undefined;
  return peerGroup(namespaceSelector === undefined ? policyNamespace : undefined, podSelector ?? {}, namespaceSelector);
}

/** What an egress rule means that names ports and no pods. */
const everyPod = peerGroup(undefined, {}, {});

const namedPorts = (ports: readonly NetworkPolicyPort[] | undefined): readonly string[] =>
  (ports ?? []).flatMap(({ port }) => (typeof port === 'string' ? [port] : []));

export const isPolicyType = ({ spec }: NetworkPolicy, type: 'Ingress' | 'Egress'): boolean => {
  const types = spec?.policyTypes ?? [];
  if (types.length > 0) return types.includes(type);
  return type === 'Ingress' || (spec?.egress ?? []).length > 0;
};

/** Every group that the policy's rules need, each once. */
export function groupsOfPolicy(policy: NetworkPolicy): readonly PeerGroup[] {
  const namespace = namespaceOf(policy);
  const groups = new Map<string, PeerGroup>();
  const add = (group: PeerGroup | undefined): void => {
    if (group !== undefined) groups.set(group.key, group);
  };
  if (isPolicyType(policy, 'Ingress')) {
    for (const { from = [] } of policy.spec?.ingress ?? []) for (const peer of from) add(groupOfPeer(peer, namespace));
  }
  if (isPolicyType(policy, 'Egress')) {
    for (const { to = [], ports } of policy.spec?.egress ?? []) {
      for (const peer of to) add(groupOfPeer(peer, namespace));
      const isOpen = to.length === 0 || to.some(({ ipBlock }) => ipBlock !== undefined);
      if (isOpen && namedPorts(ports).length > 0) add(everyPod);
    }
  }
  return [...groups.values()];
}

/** The ports that egress rules call by name. */
export const portNamesOfPolicy = (policy: NetworkPolicy): readonly string[] =>
  isPolicyType(policy, 'Egress') ? (policy.spec?.egress ?? []).flatMap(({ ports }) => namedPorts(ports)) : [];

/** Policies do not apply to pods in the network of their node, neither to them nor as peers. */
export const hasOwnNetwork = ({ spec }: Pod): boolean => spec?.hostNetwork !== true;

/** Whether the policy is about this pod. */
export function selectsPod(policy: NetworkPolicy, pod: Pod): boolean {
  if (!hasOwnNetwork(pod) || namespaceOf(policy) !== namespaceOf(pod)) return false;
  return matchesLabels(requirementsOf(policy.spec?.podSelector ?? {}), labelsOf(pod));
}

export const podAddresses = ({ status }: Pod): readonly string[] => {
  const all = [...(status?.podIPs ?? []).map(({ ip }) => ip), status?.podIP];
  return [...new Set(all.filter((ip) => ip !== undefined && ip !== ''))].filter((ip) => ip !== undefined);
};

/** The ports of a pod that have names. Source: pkg/api/v1/pod/util.go, FindPort: those of side cars count too. */
export const namedPortsOf = ({ spec }: Pod): readonly PeerPort[] =>
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')].flatMap(
    ({ ports = [] }) =>
      ports.flatMap(({ name, protocol = 'TCP', containerPort }) =>
        name === undefined || name === '' ? [] : [{ name, protocol, port: containerPort }],
      ),
  );
