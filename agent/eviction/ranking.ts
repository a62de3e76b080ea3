/** Which pod goes first when the node is short of something. Pure. Source: pkg/kubelet/eviction/helpers.go (rankMemoryPressure, rankDiskPressure) */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { quantityValue } from '../../functions/kube/quantity.ts';
import { specOf } from '../pods/pod-facts.ts';
import { isStatic } from '../static-pods/static-pod.ts';

export interface Candidate {
  readonly pod: Pod;
  /** How much the pod uses of what the node is short of. */
  readonly used: number;
  readonly containers: readonly { readonly name: string; readonly used: number }[];
}

/** Source: pkg/apis/scheduling/types.go (SystemCriticalPriority) */
const criticalPriority = 2_000_000_000;

export const isCritical = (pod: Pod): boolean => isStatic(pod) || (specOf(pod).priority ?? 0) >= criticalPriority;

const requestOf = (pod: Pod, name: string, resource: string): number => {
  const container = [...specOf(pod).containers, ...(specOf(pod).initContainers ?? [])].find((one) => one.name === name);
  return quantityValue(container?.resources?.requests?.[resource] ?? '0');
};

const requests = (pod: Pod, resource: string): number =>
  specOf(pod).containers.reduce((sum, { name }) => sum + requestOf(pod, name, resource), 0);

/** Those that use more than they asked for come first, then the less important, then who is furthest over. Critical pods stay. */
export function inOrderOfEviction(candidates: readonly Candidate[], resource: string): readonly Candidate[] {
  const over = ({ pod, used }: Candidate): number => used - requests(pod, resource);
  const priority = ({ pod }: Candidate): number => specOf(pod).priority ?? 0;
  return candidates
    .filter(({ pod }) => !isCritical(pod))
    .toSorted((a, b) => Number(over(b) > 0) - Number(over(a) > 0) || priority(a) - priority(b) || over(b) - over(a));
}

/** The part of the message about containers that use more than they asked for. */
export const largeContainers = ({ pod, containers }: Candidate, resource: string, text: (amount: number) => string): string =>
  containers
    .filter(({ name, used }) => used > requestOf(pod, name, resource))
    .map(
      ({ name, used }) =>
        `Container ${name} was using ${text(used)}, request is ${text(requestOf(pod, name, resource))}, has larger consumption of ${resource}. `,
    )
    .join('');
