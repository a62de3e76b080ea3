/**
 * Notices nodes that fell silent, says so in their conditions, and taints them; what the taints do to pods is the
 * business of taint-eviction. Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go.
 */
import { conditionOf } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import type { Node, Pod } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { isPodReady } from '../../kube/pod.ts';
import { leases, nodes, pods } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import { parseTime, timestamp } from '../../kube/time.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { again, settled, watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { podsByNode } from '../shared/taints.ts';
import { isNodeReady, nodeTaints, silenceMs, unknownConditions } from './health.ts';

const leaseNamespace = 'kube-node-lease';

export interface NodeLifecycleOptions {
  /**
   * Since when nodes could reach the control plane: their silence counts from then. After the control plane was away,
   * all of them have been silent, and it is not their fault.
   */
  readonly listeningSinceMs: number;
}

export function createNodeLifecycleController({ listeningSinceMs }: NodeLifecycleOptions): Controller {
  return {
    name: 'node-lifecycle',
    component: 'node-controller',
    // The silent ones too, since whether any other is ready decides about evictions.
    watches: [watch<Node>(nodes, ({ object }, cache) => namesOf([object, ...cache.list(nodes).filter((node) => !isNodeReady(node))]))],
    all: (cache) => namesOf(cache.list(nodes)),
    async reconcile(request, context) {
      const node = context.cache.get(nodes, request);
      if (node === undefined) return settled;
      const lease = context.cache.get(leases, { namespace: leaseNamespace, name: request.name });
      const waitMs = silenceMs(node, lease, listeningSinceMs) - context.clock.now();
      const heard = waitMs > 0 ? node : await writeUnknown(node, context);
      await writeTaints(heard, context);
      if (!isNodeReady(heard)) await markPodsNotReady(heard, context);
      // A node that is known to be silent speaks up by writing its status.
      return waitMs > 0 ? again(waitMs / 1000) : settled;
    },
  };
}

async function writeUnknown(node: Node, { client, clock, events }: ReconcileContext): Promise<Node> {
  const before = conditionOf(node.status?.conditions, 'Ready')?.status;
  if (before === 'Unknown') return node;
  const conditions = unknownConditions(node, clock.now());
  const written = await client.update(nodes, { ...copy(node), status: { ...node.status, conditions } }, 'status');
  if (before === 'True') events.event(node, 'Normal', 'NodeNotReady', `Node ${nameOf(node)} status is now: NodeNotReady`);
  return written;
}

async function writeTaints(node: Node, { cache, client, clock }: ReconcileContext): Promise<void> {
  // When no node is ready, the fault is more likely on this side, and there is no better place for the pods anyway.
  const isAnyReady = isNodeReady(node) || cache.list(nodes).some((other) => nameOf(other) !== nameOf(node) && isNodeReady(other));
  const taints = nodeTaints(node, isAnyReady, clock.now());
  if (taints === node.spec?.taints || (taints.length === 0 && node.spec?.taints === undefined)) return;
  const { resourceVersion } = node.metadata;
  await client.patch(
    nodes,
    { namespace: '', name: nameOf(node) },
    { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } },
  );
}

/** Services stop sending to pods of which nothing is heard. Source: pkg/controller/util/node/controller_utils.go, MarkPodsNotReady. */
async function markPodsNotReady(node: Node, context: ReconcileContext): Promise<void> {
  const silentSince = conditionOf(node.status?.conditions, 'Ready')?.lastTransitionTime;
  for (const pod of context.cache.by(podsByNode, nameOf(node)))
    if (isPodReady(pod) && wasReadyBefore(pod, silentSince)) await markNotReady(pod, context);
}

/** What the node reported about a pod after it said that it is not ready itself is to be believed. */
function wasReadyBefore(pod: Pod, silentSince: string | undefined): boolean {
  const readySince = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime;
  return silentSince === undefined || readySince === undefined || parseTime(readySince) <= parseTime(silentSince);
}

async function markNotReady(pod: Pod, { client, clock, events }: ReconcileContext): Promise<void> {
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime: timestamp(clock.now()) } : condition,
  );
  try {
    await client.update(pods, { ...copy(pod), status: { ...pod.status, conditions } }, 'status');
    events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
