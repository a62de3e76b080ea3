/**
 * Writes what an agent reports: the heartbeat, the node's status, its pods' statuses, and the end of pods that have
 * stopped. All of it may arrive twice. Ordinary writes of a client: watches see them like any other.
 * Source: pkg/kubelet/nodestatus, pkg/kubelet/status/status_manager.go, component-helpers/apimachinery/lease/controller.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import type { Lease, Node, NodeStatus, Pod, PodStatus } from '../../kube/generated/types.ts';
import type { PodReport } from '../../node-protocol/node-poll.ts';
import type { JsonObject, KubeObject, ObjectName } from '../../kube/object.ts';
import { keyText } from '../../kube/object.ts';
import { apiVersionOf, groupResource, leases, nodes, pods } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { StatusError, isAlreadyExists, isConflict, isNotFound } from '../../kube/status-error.ts';
import { microTimestamp, parseTime } from '../../kube/time.ts';
import { damageOf, readObject } from '../../kube/unreadable-object.ts';
import type { View } from '../../kube/view.ts';
import type { Client } from '../../client/client.ts';
import type { World } from '../../world.ts';
import { isNewNodeStatus, mergedNodeStatus, mergedPodStatus, withoutForeignAddresses } from './merged-status.ts';
import { addressesOfOthers } from './node-addresses.ts';
import { createStatusWriter } from './status-writer.ts';

export interface NodeReports {
  /** True: it was written, so that everything is known that was there a moment ago. */
  heartbeat(nodeName: string): Promise<boolean>;
  nodeStatus(nodeName: string, status: NodeStatus): Promise<void>;
  /** Throws when a report could not be written and should come again. */
  podReports(nodeName: string, reports: readonly PodReport[]): Promise<void>;
}

export interface NodeReportOptions extends Pick<World, 'clock' | 'log'> {
  readonly view: () => View;
  readonly client: Pick<Client, 'create' | 'delete' | 'get' | 'update'>;
}

const leaseNamespace = 'kube-node-lease';
const leaseSeconds = 40;
const renewAfterMs = 10_000;
/** Reports written at the same time for one node. */
const writesAtOnce = 16;

export function createNodeReports({ view, client, clock, log }: NodeReportOptions): NodeReports {
  const read = <T extends KubeObject>(type: ResourceType<T>, at: ObjectName): T | undefined =>
    readObject(view().get({ resource: groupResource(type), ...at })) as T | undefined;

  const statuses = createStatusWriter(client, view);

  async function heartbeat(nodeName: string): Promise<boolean> {
    const at = { namespace: leaseNamespace, name: nodeName };
    const stored = view().get({ resource: groupResource(leases), ...at });
    // Only an administrator can end the damage, and the node must hear its news nevertheless.
    if (stored !== undefined && damageOf(stored) !== undefined) return false;
    const lease = stored?.object as Lease | undefined;
    const nowMs = clock.now();
    const renewed = lease?.spec?.renewTime;
    if (renewed !== undefined && Math.abs(nowMs - parseTime(renewed)) < renewAfterMs) return false;
    const spec = { ...lease?.spec, holderIdentity: nodeName, leaseDurationSeconds: leaseSeconds, renewTime: microTimestamp(nowMs) };
    const metadata = { ...lease?.metadata, ...at, ...ownerOf(read(nodes, { namespace: '', name: nodeName })) };
    const next: Lease = { apiVersion: apiVersionOf(leases), kind: leases.kind, metadata, spec };
    try {
      await (lease === undefined ? client.create(leases, next) : client.update(leases, next));
      return true;
    } catch (error) {
      // Another poll of this node was faster, or the namespace is not there yet: the next poll writes again.
      if (!isConflict(error) && !isAlreadyExists(error) && !isNotFound(error)) throw error;
      log.debug('the heartbeat was not written', { node: nodeName, error });
      return false;
    }
  }

  async function nodeStatus(nodeName: string, sent: NodeStatus): Promise<void> {
    const status: NodeStatus = await decoded('NodeStatus', sent);
    const own = withoutForeignAddresses(status, addressesOfOthers(view(), nodeName));
    if (own !== status) log.warn('a node reports an address that another node has', { node: nodeName });
    await statuses.write({ type: nodes, at: { namespace: '', name: nodeName } }, (node) => {
      const next = mergedNodeStatus(node.status ?? {}, own, clock.now());
      return isNewNodeStatus(node.status ?? {}, next, clock.now()) ? { ...node, status: next } : undefined;
    });
  }

  async function report(nodeName: string, { namespace, name, uid, status, finished = false }: PodReport): Promise<void> {
    const isOurs = (pod: Pod | undefined): boolean => pod?.metadata.uid === uid && pod.spec?.nodeName === nodeName;
    const at = { namespace, name };
    if (!isOurs(read(pods, at))) return;
    const reported: PodStatus = await decoded('PodStatus', status);
    await statuses.write({ type: pods, at }, (pod) => {
      const next = mergedPodStatus(pod.status ?? {}, reported);
      return isOurs(pod) && !deepEqual(pod.status, next) ? { ...pod, status: next } : undefined;
    });
    if (!finished) return;
    try {
      await client.delete(pods, at, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      // It is gone, or another pod has its name.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  return {
    heartbeat,
    nodeStatus,
    async podReports(nodeName, reports) {
      const waiting = [...reports];
      async function work(): Promise<void> {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          try {
            await report(nodeName, next);
          } catch (error) {
            if (!(error instanceof StatusError) || error.code >= 500) throw error;
            // It would be refused again: repeating it must not keep the node from hearing anything.
            log.warn('a pod status was refused', { node: nodeName, pod: keyText(next), error });
          }
        }
      }
      await Promise.all(Array.from({ length: Math.min(writesAtOnce, waiting.length) }, work));
    },
  };
}

/** What a node sent, with the fields and types of the kind alone. Throws 400. Most polls report nothing, so it is loaded when one does. */
async function decoded(type: 'NodeStatus' | 'PodStatus', sent: NodeStatus | PodStatus): Promise<JsonObject> {
  const { builtIn } = await import('../../kube/schema.ts');
  // An empty list takes away what was reported before.
  return builtIn(`io.k8s.api.core.v1.${type}`).decode(sent as JsonObject, { keepsEmpty: true }).object;
}

const ownerOf = (node: Node | undefined): Pick<KubeObject['metadata'], 'ownerReferences'> =>
  node?.metadata.uid === undefined
    ? {}
    : { ownerReferences: [{ apiVersion: apiVersionOf(nodes), kind: nodes.kind, name: node.metadata.name ?? '', uid: node.metadata.uid }] };
