/** Pods that keep more on the node's disk than they may. Pure. Source: pkg/kubelet/eviction/eviction_manager.go (localStorageEviction) */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { quantityValue } from '../../functions/kube/quantity.ts';
import { isSidecar, specOf } from '../pods/pod-facts.ts';
import type { PodStorage } from '../usage/usage-meter.ts';

const limitOf = ({ resources }: Container): string | undefined => resources?.limits?.['ephemeral-storage'];

function fullVolume(pod: Pod, { volumes }: PodStorage): string | undefined {
  for (const { name, emptyDir } of specOf(pod).volumes ?? []) {
    const limit = emptyDir?.sizeLimit ?? '0';
    if (quantityValue(limit) <= 0) continue;
    const used = volumes.find((volume) => volume.name === name)?.usedBytes ?? 0;
    if (used > quantityValue(limit)) return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  return undefined;
}

/** Where every container has a limit, the pod has one: theirs together, or an init container's if that is larger. */
function podLimit(pod: Pod): number | undefined {
  const { containers, initContainers = [] } = specOf(pod);
  const limits = [...containers, ...initContainers.filter(isSidecar)].map(limitOf);
  if (limits.every((limit) => limit === undefined)) return undefined;
  const together = limits.reduce((sum, limit) => sum + quantityValue(limit ?? '0'), 0);
  return Math.max(together, ...initContainers.map((container) => quantityValue(limitOf(container) ?? '0')));
}

function overPodLimit(pod: Pod, { ephemeral }: PodStorage): string | undefined {
  const limit = podLimit(pod);
  if (limit === undefined || ephemeral.usedBytes <= limit) return undefined;
  const [first] = specOf(pod).containers.map(limitOf);
  const text = specOf(pod).containers.length === 1 && first !== undefined ? first : String(limit);
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${text}. `;
}

function overContainerLimit(pod: Pod, { rootfs, logs }: PodStorage): string | undefined {
  const { containers, initContainers = [] } = specOf(pod);
  for (const container of [...containers, ...initContainers.filter(isSidecar)]) {
    const limit = limitOf(container);
    const used = (rootfs.get(container.name)?.usedBytes ?? 0) + (logs.get(container.name)?.usedBytes ?? 0);
    if (limit !== undefined && used > quantityValue(limit))
      return `Container ${container.name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}

/** Whether the pod can exceed a limit at all. */
export function hasStorageLimit(pod: Pod): boolean {
  const { containers, initContainers = [], volumes = [] } = specOf(pod);
  const hasSizeLimit = volumes.some(({ emptyDir }) => quantityValue(emptyDir?.sizeLimit ?? '0') > 0);
  return hasSizeLimit || [...containers, ...initContainers].some((container) => limitOf(container) !== undefined);
}

/** Why the pod has to go; undefined: it keeps to its limits. */
export const storageExcess = (pod: Pod, storage: PodStorage): string | undefined =>
  fullVolume(pod, storage) ?? overPodLimit(pod, storage) ?? overContainerLimit(pod, storage);
