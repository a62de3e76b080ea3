/** The words with which a pod waits. Source: scheduler framework/types.go FitError, framework/preemption/preemption.go. */
import type { Rejection } from './schedule-pod.ts';

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}

/** What upstream's DynamicResources says of every pod; resource claims are not served here. */
const noClaims = 'no new claims to deallocate';

export function unschedulableMessage(rejections: readonly Rejection[]): string {
  if (rejections.length === 0) return 'no nodes available to schedule pods';
  const preemption = rejections.map(({ resolvable }) => (resolvable ? 'No preemption victims found for incoming pod' : notHelpful));
  return message(rejections.length, histogram(rejections.flatMap(({ reasons }) => reasons)), histogram(preemption));
}

const notHelpful = 'Preemption is not helpful for scheduling';

/** Of a pod that no node could take, whatever is on it. */
export const refusedMessage = (why: string, nodeCount: number): string =>
  nodeCount === 0 ? 'no nodes available to schedule pods' : message(nodeCount, why, `${nodeCount} ${notHelpful}`);

function message(nodeCount: number, why: string, preemption: string): string {
  const available = `0/${nodeCount} nodes are available: `;
  return `${available}${why}. ${noClaims}, preemption: ${available}${preemption}.`;
}
