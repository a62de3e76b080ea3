/**
 * What the scheduler knows of one node: its object, and what the pods on it take. Decisions assume pods onto it, so
 * that the next pod of the same pass sees the room that is left.
 */
import type { Node, Pod } from '../kube/generated/types.ts';
import { isPodFinished, podRequests } from '../kube/pod.ts';
import { nameOf } from '../kube/object.ts';
import { parseQuantity } from '../kube/quantity.ts';

export interface NodeState {
  readonly node: Node;
  readonly name: string;
  /** Resource name → nano-units. */
  readonly allocatable: ReadonlyMap<string, bigint>;
  /** Resource name → nano-units asked for by the pods here; `pods` counts them. */
  readonly requested: Map<string, bigint>;
  readonly pods: Pod[];
  /** `protocol/hostIP/hostPort` of the pods here. */
  readonly hostPorts: HostPort[];
}

export interface HostPort {
  readonly protocol: string;
  readonly hostIp: string;
  readonly port: number;
}

const nano = 1_000_000_000n;

export function hostPortsOf(pod: Pod): HostPort[] {
  const containers = [...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...pod.spec.containers];
  return containers.flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ hostPort = 0, hostIP, protocol }) => ({
        protocol: protocol ?? 'TCP',
        hostIp: hostIP === undefined || hostIP === '' ? '0.0.0.0' : hostIP,
        port: hostPort,
      })),
  );
}

export function nodeState(node: Node): NodeState {
  const allocatable = Object.entries(node.status?.allocatable ?? node.status?.capacity ?? {}).map(
    ([name, quantity]) => [name, parseQuantity(quantity)] as const,
  );
  return { node, name: nameOf(node), allocatable: new Map(allocatable), requested: new Map(), pods: [], hostPorts: [] };
}

export function assumePod(state: NodeState, pod: Pod): void {
  for (const [name, amount] of Object.entries(podRequests(pod))) state.requested.set(name, (state.requested.get(name) ?? 0n) + amount);
  state.requested.set('pods', (state.requested.get('pods') ?? 0n) + nano);
  state.pods.push(pod);
  state.hostPorts.push(...hostPortsOf(pod));
}

/** All nodes with the pods that take room on them; finished pods take none. */
export function snapshotOf(nodes: readonly Node[], pods: readonly Pod[]): Map<string, NodeState> {
  const states = new Map(nodes.map((node) => [nameOf(node), nodeState(node)]));
  for (const pod of pods) {
    const state = pod.spec.nodeName === undefined || isPodFinished(pod) ? undefined : states.get(pod.spec.nodeName);
    if (state !== undefined) assumePod(state, pod);
  }
  return states;
}
