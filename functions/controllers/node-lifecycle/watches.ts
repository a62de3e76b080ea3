/** What wakes the controller of unresponsive nodes. */
import type { Node } from '../../kube/generated/types.ts';
import { nameOf, type ObjectName } from '../../kube/object.ts';
import { nodes } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { isNodeReady } from './health.ts';

/** No node has this name: it stands for all nodes, whose heartbeats are checked in one reconcile. */
export const allNodes: ObjectName = { namespace: '', name: 'all nodes' };

/** A node that was just made, in a request of its own: its event is recorded once. */
export const registered = 'registered';

/** Unresponsive nodes too, since whether any other is ready decides about evictions. */
export const nodeLifecycleWatches: readonly Watch[] = [
  watch<Node>(nodes, ({ object, type }, cache) => [
    ...(type === 'added' ? [{ namespace: registered, name: nameOf(object) }] : []),
    ...namesOf([object, ...cache.list(nodes).filter((node) => !isNodeReady(node))]),
    allNodes,
  ]),
];
