/** What wakes the controller of silent nodes. */
import type { Node } from '../../kube/generated/types.ts';
import { type ObjectName } from '../../kube/object.ts';
import { nodes } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { isNodeReady } from './health.ts';

/** No node has this name: it stands for all of them. Who fell silent is looked at together, when the longest silence could be too long. */
export const allNodes: ObjectName = { namespace: '', name: 'all nodes' };

/** The silent ones too, since whether any other is ready decides about evictions. */
export const nodeLifecycleWatches: readonly Watch[] = [
  watch<Node>(nodes, ({ object }, cache) => [...namesOf([object, ...cache.list(nodes).filter((node) => !isNodeReady(node))]), allNodes]),
];
