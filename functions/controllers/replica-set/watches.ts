/** What wakes the controller of ReplicaSets. */
import { requirementsOf } from '../../kube/labels.ts';
import { replicaSets } from '../../kube/resource-type.ts';
import type { Watch } from '../../workers/controller.ts';
import { watchItself, watchPodsOf } from '../shared/pod-requests.ts';

export const replicaSetWatches: readonly Watch[] = [
  watchItself(replicaSets),
  watchPodsOf(replicaSets, (set) => requirementsOf(set.spec.selector)),
];
