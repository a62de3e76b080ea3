/** Whether an update changes what a pod runs. Source: pod-security-admission, admission/admission.go, isSignificantPodUpdate. */
import type { Pod } from '../../../kube/generated/types.ts';

export function isSignificant({ spec: next }: Pod, { spec: current }: Pod): boolean {
  const imagesOf = (list: readonly { readonly image?: string }[] = []): string => JSON.stringify(list.map(({ image }) => image));
  if (imagesOf(next.containers) !== imagesOf(current.containers)) return true;
  if (imagesOf(next.initContainers) !== imagesOf(current.initContainers)) return true;
  const before = new Map(current.ephemeralContainers?.map(({ name, image }) => [name, image]));
  return next.ephemeralContainers?.some(({ name, image }) => !before.has(name) || before.get(name) !== image) === true;
}
