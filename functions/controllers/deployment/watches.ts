/** What wakes the controller of Deployments. */
import type { Deployment, ReplicaSet } from '../../kube/generated/types.ts';
import { requirementsOf } from '../../kube/labels.ts';
import type { ObjectName } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { deployments, pods, replicaSets } from '../../kube/resource-type.ts';
import type { Change } from '../../store/store.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { watch, type Cache, type Watch } from '../../workers/controller.ts';
import { ownersConcerned, watchItself } from '../shared/pod-requests.ts';
import { isRollingUpdate } from './rolling.ts';

export const selectorOfDeployment = ({ spec }: Deployment): ReturnType<typeof requirementsOf> => requirementsOf(spec.selector);

export const deploymentWatches: readonly Watch[] = [
  watchItself(deployments),
  watch<ReplicaSet>(replicaSets, ({ object }, cache) => ownersConcerned(object, deployments, selectorOfDeployment, cache)),
  watch<Pod>(pods, recreatingDeployments),
];

/** With Recreate, new pods may wait for the end of an old pod. Otherwise changes of ReplicaSets are enough. */
function recreatingDeployments({ type, object }: Change<Pod>, cache: Cache): ObjectName[] {
  const owner = controllerOf(object);
  if (owner === undefined || (type !== 'deleted' && object.status?.phase !== 'Succeeded' && object.status?.phase !== 'Failed')) return [];
  const namespace = object.metadata.namespace ?? '';
  const set = cache.get(replicaSets, { namespace, name: owner.name });
  if (set === undefined) return [];
  return ownersConcerned(set, deployments, selectorOfDeployment, cache).filter((name) => {
    const deployment = cache.get(deployments, name);
    return deployment !== undefined && !isRollingUpdate(deployment.spec);
  });
}
