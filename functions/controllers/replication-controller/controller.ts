/** Keeps as many pods as a ReplicationController asks for: a ReplicaSet with a simpler selector. */
import { userNameOf } from '../../kube/controller-role.ts';
import { replicationControllers } from '../../kube/resource-type.ts';
import type { Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { reconcileReplicas } from '../shared/replicas.ts';
import { replicationControllerWatches, selectorOfController } from './watches.ts';
import { replicationControllerRole } from './role.ts';

export const replicationController: Controller = {
  name: 'replication-controller',
  actsAs: userNameOf(replicationControllerRole),
  component: 'replication-controller',
  watches: replicationControllerWatches,
  all: (cache) => namesOf(cache.list(replicationControllers)),
  async reconcile(request, context) {
    const owner = context.cache.get(replicationControllers, request);
    // No selector would match every pod of the namespace.
    if (owner?.spec.template === undefined || Object.keys(owner.spec.selector ?? {}).length === 0) return settled;
    return reconcileReplicas(
      {
        object: owner,
        type: replicationControllers,
        replicas: owner.spec.replicas ?? 1,
        minReadySeconds: owner.spec.minReadySeconds ?? 0,
        selector: selectorOfController(owner),
        template: owner.spec.template,
        // Its API has no such field.
        countsTerminating: false,
        relatedPods: () => [],
      },
      context,
    );
  },
};
