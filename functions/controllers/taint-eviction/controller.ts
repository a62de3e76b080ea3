/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or no longer. Source: pkg/controller/tainteviction/taint_eviction.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import type { Node, Pod, Taint } from '../../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { nodes, pods } from '../../kube/resource-type.ts';
import type { Controller, Note, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { markDisrupted } from '../shared/disruption.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { noExecuteTaints, podsByNode } from '../shared/taints.ts';
import { evictionMs } from './deadlines.ts';
import { taintEvictionWatches } from './watches.ts';
import { nodeControllerRole } from '../shared/node-controller-role.ts';

export function createTaintEvictionController(): Controller {
  return {
    name: 'taint-eviction',
    actsAs: userNameOf(nodeControllerRole),
    component: 'taint-eviction-controller',
    watches: taintEvictionWatches,
    all: (cache) => namesOf(cache.list(nodes)),
    async reconcile(request, context, note) {
      const node = context.cache.get(nodes, request);
      return node === undefined ? settled : evictFrom(node, context, note);
    },
  };
}

/** `firstSeen`: of taints that bear no time, as `kubectl taint` writes them. They count from when they were first seen. */
async function evictFrom(node: Node, context: ReconcileContext, firstSeen: Note = {}): Promise<ReconcileResult> {
  const taints = noExecuteTaints(node);
  if (taints.length === 0) return settled;
  const nowMs = context.clock.now();
  const seen: Record<string, number> = {};
  const seenMs = ({ key, value = '' }: Taint): number => {
    const name = `${uidOf(node)} ${key} ${value}`;
    return (seen[name] ??= firstSeen[name] ?? nowMs);
  };
  let nextMs = Infinity;
  for (const pod of context.cache.by(podsByNode, nameOf(node))) {
    if (isTerminating(pod)) continue;
    const deadlineMs = evictionMs(pod, taints, seenMs);
    if (deadlineMs <= nowMs) await evict(pod, context);
    else nextMs = Math.min(nextMs, deadlineMs);
  }
  return nextMs === Infinity ? settled : again((nextMs - nowMs) / 1000, seen);
}

async function evict(pod: Pod, context: ReconcileContext): Promise<void> {
  context.events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${namespaceOf(pod)}/${nameOf(pod)}`);
  await markDisrupted(pod, { reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint' }, context);
  await remove(pods, pod, context);
}
