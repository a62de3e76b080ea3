/**
 * What is kept of a pod that is on a node: the few fields that decisions about other pods read, as a smaller pod. Pods of
 * one template share their labels and their spec. So a cluster of 150,000 pods costs some hundred bytes a pod.
 */
import { conditionOf } from '../kube/conditions.ts';
import type { Container, Pod, PodSpec } from '../kube/generated/types.ts';

/** Beyond this many templates sharing begins anew. */
const sharedMax = 10_000;

/** Equal values become one. */
class Shared {
  private readonly known = new Map<string, object>();

  of<T extends object>(value: T): T {
    const text = JSON.stringify(value);
    const before = this.known.get(text);
    if (before !== undefined) return before as T;
    if (this.known.size >= sharedMax) this.known.clear();
    this.known.set(text, value);
    return value;
  }
}

const containerPart = ({ name, restartPolicy, resources, ports }: Container): Container => ({
  name,
  ...(restartPolicy !== undefined && { restartPolicy }),
  ...(resources?.requests !== undefined && { resources: { requests: resources.requests } }),
  ...(ports?.some(({ hostPort = 0 }) => hostPort > 0) === true && { ports }),
});

function specPart({ containers, initContainers, overhead, resources, priority, affinity, volumes }: PodSpec): PodSpec {
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  const claims = volumes?.filter(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral) ?? [];
  return {
    containers: containers.map(containerPart),
    ...(initContainers !== undefined && { initContainers: initContainers.map(containerPart) }),
    ...(overhead !== undefined && { overhead }),
    ...(resources !== undefined && { resources }),
    ...(priority !== undefined && { priority }),
    ...((podAffinity !== undefined || podAntiAffinity !== undefined) && { affinity: { podAffinity, podAntiAffinity } }),
    ...(claims.length > 0 && { volumes: claims }),
  };
}

export class PlacedPods {
  private readonly shared = new Shared();

  of({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
    const { name, namespace, uid, resourceVersion, labels, deletionTimestamp } = metadata;
    const disruption = conditionOf(status?.conditions, 'DisruptionTarget');
    return {
      apiVersion,
      kind,
      metadata: {
        name,
        namespace,
        uid,
        resourceVersion,
        ...(labels !== undefined && { labels: this.shared.of(labels) }),
        ...(deletionTimestamp !== undefined && { deletionTimestamp }),
      },
      spec: this.shared.of(specPart(spec)),
      status: {
        ...(status?.startTime !== undefined && { startTime: status.startTime }),
        ...(disruption !== undefined && { conditions: [disruption] }),
      },
    };
  }
}
