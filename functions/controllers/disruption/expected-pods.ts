/**
 * How many pods a budget is about: the sum of what the controllers of its pods want to have.
 * Source: pkg/controller/disruption/disruption.go, getExpectedScale and the finders.
 */
import type { OwnerReference, Pod } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { deployments, replicaSets, replicationControllers, statefulSets } from '../../kube/resource-type.ts';
import type { Cache, ReconcileContext } from '../../workers/controller.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import { resourceOfKind, scaleOf } from '../shared/scale.ts';

export interface ExpectedPods {
  readonly count: number;
  /** Some pods have no controller. */
  readonly hasUnmanaged: boolean;
}

interface Scaled {
  readonly uid: string;
  readonly replicas: number;
}

export interface ScaleFinder {
  readonly context: ReconcileContext;
  readonly resourceTypes: ResourceTypes;
}

export async function expectedPods(pods: readonly Pod[], finder: ScaleFinder): Promise<ExpectedPods> {
  const scales = new Map<string, number>();
  const seen = new Set<string>();
  let hasUnmanaged = false;
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined) {
      hasUnmanaged = true;
      continue;
    }
    if (seen.has(owner.uid)) continue;
    seen.add(owner.uid);
    const found = await scaleOfOwner(owner, namespaceOf(pod), finder);
    if (found === undefined) throw new Error(`found no controllers for pod ${JSON.stringify(nameOf(pod))}`);
    scales.set(found.uid, found.replicas);
  }
  return { count: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), hasUnmanaged };
}

async function scaleOfOwner(owner: OwnerReference, namespace: string, finder: ScaleFinder): Promise<Scaled | undefined> {
  const known = scaleInCache(owner, namespace, finder.context.cache);
  if (known !== undefined) return known;
  const type = resourceOfKind(owner, finder.resourceTypes);
  const scale = await scaleOf(type, { namespace, name: owner.name }, finder.context);
  return scale === undefined || uidOf(scale) !== owner.uid ? undefined : { uid: owner.uid, replicas: scale.spec.replicas ?? 0 };
}

interface Replicated extends KubeObject {
  spec: { readonly replicas?: number };
}

/** A ReplicaSet of a Deployment counts as its Deployment does. */
function scaleInCache(owner: OwnerReference, namespace: string, cache: Cache): Scaled | undefined {
  const found = <T extends Replicated>(type: ResourceType<T>, reference: OwnerReference): T | undefined => {
    const isOfType = reference.kind === type.kind && reference.apiVersion.split('/').reverse()[1] === (type.group || undefined);
    const object = isOfType ? cache.get(type, { namespace, name: reference.name }) : undefined;
    return object !== undefined && uidOf(object) === reference.uid ? object : undefined;
  };
  const set = found(replicaSets, owner);
  const setOwner = set === undefined ? undefined : controllerOf(set);
  const object =
    setOwner?.kind === deployments.kind
      ? found(deployments, setOwner)
      : (set ?? found(replicationControllers, owner) ?? found(statefulSets, owner));
  return object === undefined ? undefined : { uid: uidOf(object), replicas: object.spec.replicas ?? 1 };
}
