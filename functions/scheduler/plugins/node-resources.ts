/** Room for what a pod asks for, and a liking for nodes with much of it left. Source: plugins/noderesources. */
import { podRequests } from '../../kube/pod.ts';
import type { NodeState } from '../node-state.ts';
import { scoreMax, type FilterPlugin, type ScorePlugin } from './plugin.ts';

const onePod = 1_000_000_000n;

const free = ({ allocatable, requested }: NodeState, resource: string): bigint =>
  (allocatable.get(resource) ?? 0n) - (requested.get(resource) ?? 0n);

export const nodeResourcesFit: FilterPlugin = {
  name: 'NodeResourcesFit',
  /** A pod that asks for more than the whole node has would not fit on an empty one. */
  resolvable: (pod, { allocatable }) =>
    Object.entries(podRequests(pod)).every(([resource, amount]) => amount <= (allocatable.get(resource) ?? 0n)),
  filter(pod, node) {
    const reasons = free(node, 'pods') < onePod ? ['Too many pods'] : [];
    for (const [resource, amount] of Object.entries(podRequests(pod))) {
      if (amount > 0n && amount > free(node, resource)) reasons.push(`Insufficient ${resource}`);
    }
    return reasons;
  },
};

/** What a container without a request is taken to ask for when nodes are compared, so that such pods spread too. */
const unaskedFor: Readonly<Record<string, bigint>> = { cpu: 100n * 1_000_000n, memory: 200n * 1024n * 1024n * 1_000_000_000n };

function freeShare(node: NodeState, resource: string, amount: bigint): number {
  const total = node.allocatable.get(resource) ?? 0n;
  if (total <= 0n) return 0;
  const unasked = BigInt(node.pods.length) * (unaskedFor[resource] ?? 0n);
  const requested = node.requested.get(resource) ?? 0n;
  const left = total - (requested > unasked ? requested : unasked) - amount;
  return left <= 0n ? 0 : Number((left * 10_000n) / total) / 10_000;
}

export const leastAllocated: ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  score(pod, nodes) {
    const requests = podRequests(pod);
    return nodes.map((node) => {
      const shares = Object.entries(unaskedFor).map(([resource, fallback]) => freeShare(node, resource, requests[resource] ?? fallback));
      return (scoreMax * shares.reduce((sum, share) => sum + share, 0)) / shares.length;
    });
  },
};
