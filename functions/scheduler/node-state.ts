/**
 * What the scheduler knows of one node: its object, and what the pods on it take. Decisions assume pods onto it, so
 * that the next pod of the same pass sees the room that is left.
 */
import type { Node, Pod } from '../kube/generated/types.ts';
import { nameOf } from '../kube/object.ts';
import { parseQuantity } from '../kube/quantity.ts';
import { amountOf, demandOf } from './pod-demand.ts';

export interface NodeState {
  node: Node;
  readonly name: string;
  /** Its place among the nodes of the cluster. */
  readonly index: number;
  /** Resource name → amount: cpu in millicores, everything else in units. */
  allocatable: ReadonlyMap<string, number>;
  /** What the pods here ask for, in the same units. */
  readonly requested: Map<string, number>;
  /** The same for cpu and memory, with a little for containers that ask for none. */
  readonly assumed: { cpu: number; memory: number };
  readonly pods: Set<Pod>;
  /** Another one after each change of the node's object, or of the pods that are here or expected. */
  version: number;
}

export function nodeState(node: Node, index: number): NodeState {
  return {
    node,
    name: nameOf(node),
    index,
    allocatable: allocatableOf(node),
    requested: new Map(),
    assumed: { cpu: 0, memory: 0 },
    pods: new Set(),
    version: 0,
  };
}

export function replaceNode(state: NodeState, node: Node): void {
  state.node = node;
  state.allocatable = allocatableOf(node);
  state.version += 1;
}

export const allocatableOf = ({ status }: Node): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(status?.allocatable ?? status?.capacity ?? {}).map(([name, quantity]) => [
      name,
      amountOf(name, parseQuantity(quantity)),
    ]),
  );

/** `sign` -1: the pod leaves. */
export function countPod(state: NodeState, pod: Pod, sign: 1 | -1): void {
  const { amounts, assumed } = demandOf(pod);
  for (const [name, amount] of amounts) state.requested.set(name, (state.requested.get(name) ?? 0) + sign * amount);
  state.assumed.cpu += sign * assumed.cpu;
  state.assumed.memory += sign * assumed.memory;
  if (sign === 1) state.pods.add(pod);
  else state.pods.delete(pod);
}
