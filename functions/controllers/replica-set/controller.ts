/** Keeps as many pods as a ReplicaSet asks for. */
import { userNameOf } from '../../kube/controller-role.ts';
import type { Pod, ReplicaSet } from '../../kube/generated/types.ts';
import { requirementsOf } from '../../kube/labels.ts';
import { controllerOf } from '../../kube/owners.ts';
import { pods, replicaSets } from '../../kube/resource-type.ts';
import type { Cache, Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { reconcileReplicas } from '../shared/replicas.ts';
import { replicaSetWatches } from './watches.ts';
import { replicaSetRole } from './role.ts';

export const replicaSetController: Controller = {
  name: 'replica-set',
  actsAs: userNameOf(replicaSetRole),
  component: 'replicaset-controller',
  watches: replicaSetWatches,
  all: (cache) => namesOf(cache.list(replicaSets)),
  async reconcile(request, context) {
    const set = context.cache.get(replicaSets, request);
    if (set?.spec.template === undefined) return settled;
    return reconcileReplicas(
      {
        object: set,
        type: replicaSets,
        replicas: set.spec.replicas ?? 1,
        minReadySeconds: set.spec.minReadySeconds ?? 0,
        selector: requirementsOf(set.spec.selector),
        template: set.spec.template,
        countsTerminating: true,
        relatedPods: () => podsOfSiblings(set, context.cache),
      },
      context,
    );
  },
};

/** Pods of all ReplicaSets of the same Deployment, its own included. */
function podsOfSiblings(set: ReplicaSet, cache: Cache): readonly Pod[] {
  const owner = controllerOf(set);
  if (owner === undefined) return [];
  return cache.controlledBy(replicaSets, owner.uid).flatMap((sibling) => cache.controlledBy(pods, sibling.metadata.uid ?? ''));
}
