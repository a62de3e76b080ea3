/** Which pods wait for room on which node, because it was taken from others for them. */
import type { Pod } from '../kube/generated/types.ts';
import type { NodeState } from './node-state.ts';

const none: readonly Pod[] = [];

export class Nominations {
  private readonly node: (name: string) => NodeState | undefined;
  private readonly nodeNames = new Map<Pod, string>();
  private readonly byNode = new Map<string, Set<Pod>>();

  constructor(node: (name: string) => NodeState | undefined) {
    this.node = node;
  }

  /** '': the pod waits for no node. */
  set(pod: Pod, nodeName: string): void {
    const before = this.nodeNames.get(pod) ?? '';
    if (before === nodeName) return;
    if (before !== '') {
      this.byNode.get(before)?.delete(pod);
      this.nodeNames.delete(pod);
      this.touch(before);
    }
    if (nodeName === '') return;
    this.nodeNames.set(pod, nodeName);
    this.byNode.set(nodeName, (this.byNode.get(nodeName) ?? new Set()).add(pod));
    this.touch(nodeName);
  }

  clear(): void {
    for (const pod of this.nodeNames.keys()) this.set(pod, '');
  }

  isFor(pod: Pod, { name }: NodeState): boolean {
    return this.nodeNames.get(pod) === name;
  }

  /** Whether any pod waits for the node. */
  has({ name }: NodeState): boolean {
    return this.nodeNames.size > 0 && (this.byNode.get(name)?.size ?? 0) > 0;
  }

  /** Pods that wait for room on the node and go before this one. */
  before(pod: Pod, node: NodeState): readonly Pod[] {
    if (!this.has(node)) return none;
    const priority = pod.spec.priority ?? 0;
    return [...(this.byNode.get(node.name) ?? [])].filter((other) => other !== pod && (other.spec.priority ?? 0) >= priority);
  }

  withLess(priority: number, nodeName: string): readonly Pod[] {
    return [...(this.byNode.get(nodeName) ?? [])].filter((other) => (other.spec.priority ?? 0) < priority);
  }

  private touch(nodeName: string): void {
    const node = this.node(nodeName);
    if (node !== undefined) node.version += 1;
  }
}
