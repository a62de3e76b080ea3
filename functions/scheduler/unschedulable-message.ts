/** The words with which a pod waits. Source: scheduler framework/types.go FitError, framework/preemption/preemption.go. */
import type { Refusal } from './plugins/plugin.ts';
import type { Preemption } from './preemption.ts';

/** How many nodes gave a reason: `2 Insufficient cpu, 1 Too many pods`. */
function histogram(refusals: readonly Refusal[]): string {
  const nodes = new Map<Refusal, number>();
  let [last, run] = [refusals[0], 0];
  for (const refusal of refusals) {
    if (refusal !== last) {
      if (last !== undefined) nodes.set(last, (nodes.get(last) ?? 0) + run);
      [last, run] = [refusal, 0];
    }
    run += 1;
  }
  if (last !== undefined) nodes.set(last, (nodes.get(last) ?? 0) + run);
  const counts = new Map<string, number>();
  for (const [{ reasons }, count] of nodes) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + count);
  return countsText(counts);
}

const countsText = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');

function preemptionText(preemption: Preemption, nodeCount: number): string {
  switch (preemption.outcome) {
    case 'victims': {
      const { node, pods } = preemption.victims;
      return `preemption: found a potential placement for pod on node ${node.name}, preempting ${pods.length} victims`;
    }
    case 'not eligible':
      return `preemption: ${preemption.why}`;
    case 'none':
      return `preemption: 0/${nodeCount} nodes are available: ${countsText(preemption.reasons)}.`;
    case 'not tried':
      return '';
    default:
      return preemption satisfies never;
  }
}

export function unschedulableMessage(refusals: readonly Refusal[], preemption: Preemption): string {
  if (refusals.length === 0) return noNodes;
  return `0/${refusals.length} nodes are available: ${histogram(refusals)}. ${preemptionText(preemption, refusals.length)}`.trimEnd();
}

const noNodes = 'no nodes available to schedule pods';

/**
 * The message for a pod that no node could take, whatever is on it. Upstream's DynamicResources then reads what it never wrote down
 * about the pod, and its error ends the sentence.
 */
export const refusedMessage = (why: string, nodeCount: number): string =>
  nodeCount === 0 ? noNodes : `0/${nodeCount} nodes are available: ${why}. not found`;

/** The message for a pod whose ResourceClaims no node could satisfy. */
export const refusedByDevices = (why: string, nodeCount: number): string =>
  nodeCount === 0 ? noNodes : `0/${nodeCount} nodes are available: ${why}. ${notHelped(nodeCount)}`;

const notHelped = (nodeCount: number): string =>
  preemptionText({ outcome: 'none', reasons: new Map([['Preemption is not helpful for scheduling', nodeCount]]) }, nodeCount);
