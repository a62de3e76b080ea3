/** The words with which a pod waits. Source: scheduler framework/types.go FitError, framework/preemption/preemption.go. */
import type { Refusal } from './plugins/plugin.ts';
import type { Preemption } from './preemption.ts';

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}

function preemptionText(preemption: Preemption, nodeCount: number): string {
  switch (preemption.outcome) {
    case 'victims': {
      const { node, pods } = preemption.victims;
      return `preemption: found a potential placement for pod on node ${node.name}, preempting ${pods.length} victims`;
    }
    case 'not eligible':
      return `preemption: ${preemption.why}`;
    case 'none':
      return `preemption: 0/${nodeCount} nodes are available: ${histogram(preemption.reasons)}.`;
    case 'not tried':
      return '';
    default:
      return preemption satisfies never;
  }
}

export function unschedulableMessage(refusals: readonly Refusal[], preemption: Preemption): string {
  if (refusals.length === 0) return noNodes;
  const why = histogram(refusals.flatMap(({ reasons }) => reasons));
  return `0/${refusals.length} nodes are available: ${why}. ${preemptionText(preemption, refusals.length)}`.trimEnd();
}

const noNodes = 'no nodes available to schedule pods';

/**
 * Of a pod that no node could take, whatever is on it. Upstream's DynamicResources looks then for what it never wrote
 * down about the pod, and its error ends the sentence.
 */
export const refusedMessage = (why: string, nodeCount: number): string =>
  nodeCount === 0 ? noNodes : `0/${nodeCount} nodes are available: ${why}. not found`;

/** Of a pod whose claims of devices no node could satisfy. */
export const refusedByDevices = (why: string, nodeCount: number): string =>
  nodeCount === 0 ? noNodes : `0/${nodeCount} nodes are available: ${why}. ${notHelped(nodeCount)}`;

const notHelped = (nodeCount: number): string =>
  preemptionText(
    { outcome: 'none', reasons: Array.from({ length: nodeCount }, () => 'Preemption is not helpful for scheduling') },
    nodeCount,
  );
