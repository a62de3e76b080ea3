/**
 * Annotates each node with how long its kubelet may cache Secrets and ConfigMaps: the longer, the more nodes there are.
 * Kubelets that watch them ignore it. Source: pkg/controller/ttl/ttl_controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import type { Node } from '../../kube/generated/types.ts';
import { annotationsOf, nameOf } from '../../kube/object.ts';
import { nodes } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import { type Controller, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { nodeTtlRole } from './role.ts';
import { nodeTtlWatches } from './watches.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';

/** Steps overlap, so that a cluster at a boundary does not go back and forth. */
const steps = [
  { nodesMin: 0, nodesMax: 100, ttlSeconds: 0 },
  { nodesMin: 90, nodesMax: 500, ttlSeconds: 15 },
  { nodesMin: 450, nodesMax: 1000, ttlSeconds: 30 },
  { nodesMin: 900, nodesMax: 2000, ttlSeconds: 60 },
  { nodesMin: 1800, nodesMax: Infinity, ttlSeconds: 300 },
] as const;

/** `current`: what other nodes bear, or none. */
export function ttlSeconds(nodeCount: number, current: number | undefined): number {
  const kept = steps.find(({ ttlSeconds: seconds }) => seconds === current);
  if (kept !== undefined && nodeCount >= kept.nodesMin && nodeCount <= kept.nodesMax) return kept.ttlSeconds;
  const isShrinking = kept !== undefined && nodeCount < kept.nodesMin;
  const fitting = steps.filter(({ nodesMin, nodesMax }) => nodeCount >= nodesMin && nodeCount <= nodesMax);
  return (isShrinking ? fitting.at(-1) : fitting[0])?.ttlSeconds ?? 0;
}

function ttlOf(node: Node): number | undefined {
  const text = annotationsOf(node)[annotation];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

export const nodeTtlController: Controller = {
  name: 'node-ttl',
  actsAs: userNameOf(nodeTtlRole),
  component: 'ttl-controller',
  watches: nodeTtlWatches,
  all: (cache) => namesOf(cache.list(nodes)),
  async reconcile(request, { cache, client }) {
    const node = cache.get(nodes, request);
    if (node === undefined) return settled;
    const all = cache.list(nodes);
    const own = ttlOf(node);
    const wanted = ttlSeconds(all.length, own ?? all.map(ttlOf).find((ttl) => ttl !== undefined));
    if (wanted === own) return settled;
    try {
      await client.patch(nodes, { namespace: '', name: nameOf(node) }, { metadata: { annotations: { [annotation]: `${wanted}` } } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return settled;
  },
};
