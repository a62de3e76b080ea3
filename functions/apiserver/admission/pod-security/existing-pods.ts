/**
 * What is remarked on when a namespace gets a stricter level: the pods that are there already and would not be admitted.
 * Source: pod-security-admission, admission/admission.go, EvaluatePodsInNamespace.
 */
import type { Pod } from '../../../kube/generated/types.ts';
import { nameOf } from '../../../kube/object.ts';
import { reasonsText, violationsOf } from './evaluate.ts';
import { type LevelVersion, levelText } from './policy.ts';

/** Upstream stops after a second, too; ours is bounded by the number alone, so that the answer does not depend on the machine. */
export const podsMax = 3000;

export function existingPodsWarnings(namespace: string, enforce: LevelVersion, pods: readonly Pod[]): readonly string[] {
  const ordered = oneOfEachFirst(pods);
  const found = new Map<string, string[]>();
  for (const pod of ordered.slice(0, podsMax)) {
    const reasons = reasonsText(violationsOf(enforce, pod));
    if (reasons !== '') found.set(reasons, [...(found.get(reasons) ?? []), nameOf(pod)]);
  }
  const partly =
    ordered.length > podsMax
      ? [`new PodSecurity enforce level only checked against the first ${podsMax} of ${ordered.length} existing pods`]
      : [];
  if (found.size === 0) return partly;
  const title = `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level "${levelText(enforce)}"`;
  return [...partly, title, ...[...found].map(([reasons, names]) => `${podsText(names)}: ${reasons}`).toSorted()];
}

/** Pods of one controller are alike: the others come after the first ones of all. */
function oneOfEachFirst(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>();
  const isRepeated = ({ metadata: { ownerReferences = [] } }: Pod): boolean => {
    const uid = ownerReferences.find(({ controller }) => controller === true)?.uid;
    if (uid === undefined) return false;
    const isKnown = seen.has(uid);
    seen.add(uid);
    return isKnown;
  };
  const sorted = pods.map((pod) => ({ pod, isLater: isRepeated(pod) }));
  return [...sorted.filter(({ isLater }) => !isLater), ...sorted.filter(({ isLater }) => isLater)].map(({ pod }) => pod);
}

function podsText(names: readonly string[]): string {
  const [first = ''] = names.toSorted();
  if (names.length === 1) return first;
  return `${first} (and ${names.length - 1} other ${names.length === 2 ? 'pod' : 'pods'})`;
}
