/**
 * Notices nodes that became unresponsive, sets their conditions to Unknown, and taints them. The controller taint-eviction evicts
 * the pods of tainted nodes. Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { conditionOf } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import type { Lease, Node, Pod } from '../../kube/generated/types.ts';
import { labelsOf, nameOf } from '../../kube/object.ts';
import { isPodReady } from '../../kube/pod.ts';
import { leases, nodes, pods } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import { parseTime, timestamp } from '../../kube/time.ts';
import type { Cache, Controller, Note, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { allOf } from '../shared/slow-start.ts';
import { podsByNode } from '../shared/taints.ts';
import { isGivenUp, isNodeReady, longestGraceMs, nodeTaints, unresponsiveAtMs, unknownConditions } from './health.ts';
import { allNodes, nodeLifecycleWatches, registered } from './watches.ts';
import { nodeControllerRole } from '../shared/node-controller-role.ts';

const leaseNamespace = 'kube-node-lease';

/** No check is that late while the control plane runs: its timer wakes late requests each minute. */
const lateMs = 90_000;

export interface NodeLifecycleOptions {
  /**
   * Since when nodes could reach the control plane, where they can only while this process runs: their silence counts from then.
   * After the control plane was away all of them have been unresponsive, and it is not their fault.
   */
  readonly listeningSinceMs?: number;
}

export function createNodeLifecycleController({ listeningSinceMs = 0 }: NodeLifecycleOptions): Controller {
  return {
    name: 'node-lifecycle',
    actsAs: userNameOf(nodeControllerRole),
    component: 'node-controller',
    watches: nodeLifecycleWatches,
    all: (cache) => [...namesOf(cache.list(nodes)), allNodes],
    async reconcile(request, context, note) {
      if (request.name === allNodes.name) return checkHeartbeats(context, Math.max(listeningSinceMs, note?.['listeningSinceMs'] ?? 0));
      const node = context.cache.get(nodes, { namespace: '', name: request.name });
      if (node === undefined) return settled;
      if (request.namespace === registered) {
        context.events.event(node, 'Normal', 'RegisteredNode', `Node ${nameOf(node)} event: Registered Node ${nameOf(node)} in Controller`);
        return settled;
      }
      await writeLabels(node, context);
      await writeTaints(node, context);
      if (!isNodeReady(node)) await markPodsNotReady(node, context);
      return settled;
    },
  };
}

const leaseOf = (node: Node, cache: Cache): Lease | undefined => cache.get(leases, { namespace: leaseNamespace, name: nameOf(node) });

/** Heartbeats do not wake this controller: it reads the leases when the next node could have been silent too long. */
async function checkHeartbeats(context: ReconcileContext, listeningSinceMs: number): Promise<ReconcileResult> {
  const { cache, clock } = context;
  const nowMs = clock.now();
  // A node whose Ready is Unknown already comes back by writing its status.
  const expected = cache.list(nodes).filter((node) => !isGivenUp(node));
  const deadlines = expected.map((node) => ({ node, atMs: unresponsiveAtMs(node, leaseOf(node, cache), listeningSinceMs) }));
  // This check is far too late, so the control plane was away, and nodes could not reach it.
  if (deadlines.some(({ atMs }) => atMs + lateMs < nowMs)) return checkHeartbeats(context, nowMs);
  const failure = await allOf(
    deadlines.filter(({ atMs }) => atMs <= nowMs),
    ({ node }) => writeUnknown(node, context),
  );
  if (failure !== undefined) throw failure;
  const nextMs = deadlines.reduce((earliest, { atMs }) => (atMs > nowMs ? Math.min(earliest, atMs) : earliest), Infinity);
  return nextMs === Infinity ? settled : again((nextMs - nowMs) / 1000, listeningNote(listeningSinceMs, nowMs));
}

/** The note for the next check, until every node had its grace period since then. */
const listeningNote = (listeningSinceMs: number, nowMs: number): Note | undefined =>
  nowMs - listeningSinceMs > longestGraceMs ? undefined : { listeningSinceMs };

async function writeUnknown(node: Node, { client, clock, events }: ReconcileContext): Promise<void> {
  const wasReady = isNodeReady(node);
  const conditions = unknownConditions(node, clock.now());
  await client.update(nodes, { ...copy(node), status: { ...node.status, conditions } }, 'status');
  if (wasReady) events.event(node, 'Normal', 'NodeNotReady', `Node ${nameOf(node)} status is now: NodeNotReady`);
}

/** Names of earlier versions, which old clients select by. */
const labelsOfOldName: Readonly<Record<string, string>> = {
  'kubernetes.io/arch': 'beta.kubernetes.io/arch',
  'kubernetes.io/os': 'beta.kubernetes.io/os',
};

async function writeLabels(node: Node, { client }: ReconcileContext): Promise<void> {
  const current = labelsOf(node);
  const labels: Record<string, string> = {};
  for (const [name, oldName] of Object.entries(labelsOfOldName)) {
    const value = current[name];
    if (value !== undefined && current[oldName] !== value) labels[oldName] = value;
  }
  if (Object.keys(labels).length > 0) await client.patch(nodes, { namespace: '', name: nameOf(node) }, { metadata: { labels } });
}

async function writeTaints(node: Node, { cache, client, clock }: ReconcileContext): Promise<void> {
  // When no node is ready, the control plane is likely at fault, and no other node could run the pods.
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
  const unresponsiveSince = conditionOf(node.status?.conditions, 'Ready')?.lastTransitionTime;
  for (const pod of context.cache.by(podsByNode, nameOf(node)))
    if (isPodReady(pod) && wasReadyBefore(pod, unresponsiveSince)) await markNotReady(pod, context);
}

/** Whether the pod was ready before its node became unresponsive; later reports of the node are trusted. */
function wasReadyBefore(pod: Pod, unresponsiveSince: string | undefined): boolean {
  const readySince = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime;
  return unresponsiveSince === undefined || readySince === undefined || parseTime(readySince) <= parseTime(unresponsiveSince);
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
