/** Keeps PodDisruptionBudgets up to date with how many of their pods are healthy. Source: pkg/controller/disruption/disruption.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../kube/labels.ts';
import { labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { podDisruptionBudgets, pods as podType } from '../../kube/resource-type.ts';
import { isConflict } from '../../kube/status-error.ts';
import type { Controller, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { goSelectorText } from '../../kube/go-selector-text.ts';
import { namesOf } from '../shared/pod-requests.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import { budgetStatus, disruptedPods, failedStatus, needsScale } from './budget-status.ts';
import { expectedPods } from './expected-pods.ts';
import type { ScaleFinder } from './expected-pods.ts';
import { disruptionWatches } from './watches.ts';
import { disruptionRole } from './role.ts';

export function createDisruptionController(resourceTypes: ResourceTypes): Controller {
  return {
    name: 'disruption',
    actsAs: userNameOf(disruptionRole),
    component: 'controllermanager',
    watches: disruptionWatches,
    all: (cache) => namesOf(cache.list(podDisruptionBudgets)),
    async reconcile(request, context) {
      const budget = context.cache.get(podDisruptionBudgets, request);
      return budget === undefined ? settled : reconcileBudget(budget, { context, resourceTypes });
    },
  };
}

async function reconcileBudget(budget: PodDisruptionBudget, finder: ScaleFinder): Promise<ReconcileResult> {
  const { context } = finder;
  const nowMs = context.clock.now();
  const selector = requirementsOf(budget.spec.selector);
  const pods = context.cache.list(podType, namespaceOf(budget)).filter((pod) => matchesLabels(selector, labelsOf(pod)));
  if (pods.length === 0) context.events.event(budget, 'Normal', 'NoPods', 'No matching pods found');
  try {
    const expected = await expectedCount(budget, pods, finder);
    const disrupted = disruptedPods(pods, budget, nowMs);
    const place = namespaceOf(budget);
    for (const pod of disrupted.notDeleted) {
      // Upstream, too, names the namespace twice.
      context.events.event(pod, 'Warning', 'NotDeleted', `Pod was expected by PDB ${place}/${place} to be deleted but it wasn't`);
    }
    await save(budget, budgetStatus(budget, { pods, expected, disrupted }, nowMs), context);
    return disrupted.recheckMs === undefined ? settled : again(disrupted.recheckMs / 1000);
  } catch (error) {
    if (!(error instanceof Error) || isConflict(error)) throw error;
    context.events.event(
      budget,
      'Warning',
      'CalculateExpectedPodCountFailed',
      `Failed to calculate the number of expected pods: ${error.message}`,
    );
    await save(budget, failedStatus(budget, error, nowMs), context);
    return settled;
  }
}

async function expectedCount(budget: PodDisruptionBudget, pods: readonly Pod[], finder: ScaleFinder): Promise<number> {
  if (!needsScale(budget)) return pods.length;
  const { count, hasUnmanaged } = await expectedPods(pods, finder);
  if (hasUnmanaged) finder.context.events.event(budget, 'Warning', 'UnmanagedPods', unmanagedMessage(budget));
  return count;
}

function unmanagedMessage({ spec }: PodDisruptionBudget): string {
  return (
    `Pods selected by this PodDisruptionBudget (selector: ${goSelectorText(spec.selector)}) were found to be unmanaged. ` +
    'As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
    'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
  );
}

async function save(budget: PodDisruptionBudget, status: PodDisruptionBudgetStatus, { client, log }: ReconcileContext): Promise<void> {
  if (deepEqual(status, budget.status)) return;
  log.debug('budget changed', { name: nameOf(budget), allowed: status.disruptionsAllowed });
  await client.update(podDisruptionBudgets, { ...copy(budget), status }, 'status');
}
