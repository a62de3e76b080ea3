/** What wakes the controller of ReplicationControllers. */
import { requirementsOf, selectorOf } from '../../kube/labels.ts';
import type { Requirement } from '../../kube/labels.ts';
import type { ReplicationController } from '../../kube/generated/types.ts';
import { replicationControllers } from '../../kube/resource-type.ts';
import type { Watch } from '../../workers/controller.ts';
import { watchItself, watchPodsOf } from '../shared/pod-requests.ts';

export const selectorOfController = ({ spec }: ReplicationController): Requirement[] => requirementsOf(selectorOf(spec.selector ?? {}));

export const replicationControllerWatches: readonly Watch[] = [
  watchItself(replicationControllers),
  watchPodsOf(replicationControllers, selectorOfController),
];
