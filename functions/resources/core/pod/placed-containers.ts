import type { Container, PodSpec } from '../../../kube/generated/types.ts';

/** Every container of the pod, with where it stands. Source: pkg/api/pod/util.go, VisitContainersWithPath. */
export const placedContainers = (spec: PodSpec, path: string): { readonly container: Container; readonly field: string }[] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, field: `${path}.${list}[${index}]` })),
  );
