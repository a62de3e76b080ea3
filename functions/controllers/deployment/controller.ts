/** Rolls Deployments out: a ReplicaSet for each template, and pods moved from the old ones to the newest. */
import { userNameOf } from '../../kube/controller-role.ts';
import type { Deployment } from '../../kube/generated/types.ts';
import { isTerminating } from '../../kube/object.ts';
import { deployments, replicaSets } from '../../kube/resource-type.ts';
import type { Controller, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { claimObjects } from '../shared/claim.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { isRollingUpdate } from './rolling.ts';
import { Rollout } from './rollout.ts';
import { deploymentStatus, pauseCondition, progressCheckInMs, rolloutStatus, withDeploymentCondition } from './status.ts';
import { deleteHistory, isScaling, recreate, rollingUpdate, scaleSets } from './strategies.ts';
import { deploymentWatches, selectorOfDeployment } from './watches.ts';
import { deploymentRole } from './role.ts';

export const deploymentController: Controller = {
  name: 'deployment',
  actsAs: userNameOf(deploymentRole),
  watches: deploymentWatches,
  all: (cache) => namesOf(cache.list(deployments)),
  async reconcile(request, context) {
    const deployment = context.cache.get(deployments, request);
    if (deployment === undefined) return settled;
    if (selectorOfDeployment(deployment).length === 0) return refuseToSelectAll(deployment, context);
    return reconcileDeployment(deployment, context);
  },
};

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
