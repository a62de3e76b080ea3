/** Rolls Deployments out: a ReplicaSet for each template, and pods moved from the old ones to the newest. */
import type { Deployment, ReplicaSet } from '../../kube/generated/types.ts';
import { requirementsOf } from '../../kube/labels.ts';
import { isTerminating } from '../../kube/object.ts';
import type { ObjectName } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { deployments, pods, replicaSets } from '../../kube/resource-type.ts';
import type { Change } from '../../store/store.ts';
import type { Pod } from '../../kube/generated/types.ts';
import type { Cache, Controller, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled, watch } from '../../workers/controller.ts';
import { claimObjects } from '../shared/claim.ts';
import { namesOf, ownersConcerned, watchItself } from '../shared/pod-requests.ts';
import { isRollingUpdate } from './rolling.ts';
import { Rollout } from './rollout.ts';
import { deploymentStatus, pauseCondition, progressCheckInMs, rolloutStatus, withDeploymentCondition } from './status.ts';
import { deleteHistory, isScaling, recreate, rollingUpdate, scaleSets } from './strategies.ts';

const selectorOfDeployment = ({ spec }: Deployment): ReturnType<typeof requirementsOf> => requirementsOf(spec.selector);

export const deploymentController: Controller = {
  name: 'deployment',
  actsAs: 'system:serviceaccount:kube-system:deployment-controller',
  watches: [
    watchItself(deployments),
    watch<ReplicaSet>(replicaSets, ({ object }, cache) => ownersConcerned(object, deployments, selectorOfDeployment, cache)),
    watch<Pod>(pods, recreatingDeployments),
  ],
  all: (cache) => namesOf(cache.list(deployments)),
  async reconcile(request, context) {
    const deployment = context.cache.get(deployments, request);
    if (deployment === undefined) return settled;
    if (selectorOfDeployment(deployment).length === 0) return refuseToSelectAll(deployment, context);
    return reconcileDeployment(deployment, context);
  },
};

/** With Recreate, the end of an old pod may be what the new ones wait for; otherwise the ReplicaSets tell enough. */
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

async function refuseToSelectAll(deployment: Deployment, context: ReconcileContext): Promise<ReconcileResult> {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.';
  context.events.event(deployment, 'Warning', 'SelectingAll', message);
  const rollout = new Rollout(deployment, [], context);
  await rollout.saveStatus({ ...rollout.status, observedGeneration: deployment.metadata.generation });
  return settled;
}

async function reconcileDeployment(deployment: Deployment, context: ReconcileContext): Promise<ReconcileResult> {
  const claimant = { object: deployment, type: deployments, selector: selectorOfDeployment(deployment) };
  const rollout = new Rollout(deployment, await claimObjects(claimant, replicaSets, context), context);
  const now = (): number => context.clock.now();
  const saveCounts = (): Promise<void> => rollout.saveStatus(deploymentStatus(rollout.deployment, rollout.status, rollout, now()));

  if (isTerminating(deployment)) {
    await saveCounts();
    return settled;
  }
  const pause = pauseCondition(deployment, rollout.status);
  if (pause !== undefined)
    rollout.status = { ...rollout.status, conditions: withDeploymentCondition(rollout.status.conditions ?? [], pause, now()) };
  await rollout.syncCurrent();
  if (deployment.spec.paused === true || isScaling(rollout)) {
    await scaleSets(rollout);
    if (deployment.spec.paused === true) await deleteHistory(rollout);
    await saveCounts();
    return settled;
  }
  await (isRollingUpdate(deployment.spec) ? rollingUpdate(rollout) : recreate(rollout));
  const status = rolloutStatus(rollout.deployment, rollout.status, rollout, now());
  await rollout.saveStatus(status);
  const checkInMs = progressCheckInMs(rollout.deployment, status, now());
  return checkInMs === undefined ? settled : again(checkInMs / 1000);
}
