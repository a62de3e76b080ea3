/** Which mirrors the API lacks, and which it must lose. Pure. Source: pkg/kubelet/kubelet.go (tryReconcileMirrorPods), kubelet_pods.go (deleteOrphanedMirrorPods) */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { isTerminating } from '../../functions/kube/object.ts';
import { fullName, isMirrorOf } from './static-pod.ts';

export interface MirrorPlan {
  /** They are made again when they are gone. */
  readonly deletions: readonly Pod[];
  /** Static pods that have no mirror. */
  readonly creations: readonly Pod[];
}

export function planMirrors(staticPods: readonly Pod[], mirrors: readonly Pod[]): MirrorPlan {
  const byName = new Map(staticPods.map((pod) => [fullName(pod), pod]));
  const mirrored = new Set(mirrors.map(fullName));
  return {
    deletions: mirrors.filter((mirror) => {
      const pod = byName.get(fullName(mirror));
      return pod === undefined || isTerminating(mirror) || !isMirrorOf(mirror, pod);
    }),
    creations: staticPods.filter((pod) => !isTerminating(pod) && !mirrored.has(fullName(pod))),
  };
}
