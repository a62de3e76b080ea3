/** What wakes the controllers of disruptions. */
import { conditionOf } from '../../kube/conditions.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../kube/labels.ts';
import { isTerminating, labelsOf, namespaceOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { podDisruptionBudgets, pods } from '../../kube/resource-type.ts';
import { parseTime } from '../../kube/time.ts';
import { type Watch, watch } from '../../workers/controller.ts';
import { namesOf, watchItself } from '../shared/pod-requests.ts';

export const disruptionWatches: readonly Watch[] = [
  watchItself(podDisruptionBudgets),
  watch<Pod>(pods, ({ object, previous }, cache) => {
    const labels = [labelsOf(object), ...(previous === undefined ? [] : [previous.labels])];
    const budgets = cache.list(podDisruptionBudgets, namespaceOf(object));
    return namesOf(budgets.filter(({ spec }) => labels.some((some) => matchesLabels(requirementsOf(spec.selector), some))));
  }),
];

const staleMs = 120_000;

/** undefined: the pod bears no such condition, or rightly so. The kubelet may take as long as it likes. */
export function staleAtMs(pod: Pod): number | undefined {
  const condition = conditionOf(pod.status?.conditions, 'DisruptionTarget');
  if (isTerminating(pod) || isPodFinished(pod) || condition?.status !== 'True' || condition.reason === 'TerminationByKubelet')
    return undefined;
  return condition.lastTransitionTime === undefined ? 0 : parseTime(condition.lastTransitionTime) + staleMs;
}

export const staleDisruptionWatches: readonly Watch[] = [
  watch<Pod>(pods, ({ type, object }) => (type !== 'deleted' && staleAtMs(object) !== undefined ? namesOf([object]) : [])),
];
