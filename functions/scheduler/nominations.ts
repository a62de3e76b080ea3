/** Which pods wait for room on which node, because it was taken from others for them. */
import type { Pod } from '../kube/generated/types.ts';
import type { NodeState } from './node-state.ts';

const none: readonly Pod[] = [];

export class Nominations {
  /** Called with the name of a node for which another pod waits, or one fewer. */
  private readonly changed: (nodeName: string) => void;
  private readonly nodeNames = new Map<Pod, string>();
  private readonly byNode = new Map<string, Set<Pod>>();

  constructor(changed: (nodeName: string) => void) {
    this.changed = changed;
  }

  /** '': the pod waits for no node. */
  set(pod: Pod, nodeName: string): void {
    const before = this.nodeNames.get(pod) ?? '';
    if (before === nodeName) return;
    if (before !== '') {
      this.byNode.get(before)?.delete(pod);
      this.nodeNames.delete(pod);
      this.changed(before);
    }
    if (nodeName === '') return;
    this.nodeNames.set(pod, nodeName);
    this.byNode.set(nodeName, (this.byNode.get(nodeName) ?? new Set()).add(pod));
    this.changed(nodeName);
  }

  clear(): void {
    for (const pod of this.nodeNames.keys()) this.set(pod, '');
  }

  /** The node that the pod waits for. */
  of(pod: Pod): string | undefined {
    return this.nodeNames.get(pod);
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
}
