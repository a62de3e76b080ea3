/**
 * Whether a node can have the pod's volumes: those it is bound to, free ones, or new ones from a provisioner.
 * Source: plugins/volumebinding/binder.go, FindPodVolumes.
 */
import type {
  CSIStorageCapacity,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  TopologySelectorTerm,
} from '../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../kube/labels.ts';
import { annotationsOf, labelsOf, nameOf } from '../../kube/object.ts';
import { compareQuantities } from '../../kube/quantity.ts';
import { csiDrivers, csiStorageCapacities, persistentVolumes, storageClasses } from '../../kube/resource-type.ts';
import { bestMatch, isReachableFrom, requestedStorage, selectedNodeAnnotation, storageClassOf } from '../../kube/volumes.ts';
import type { Cache } from '../../workers/controller.ts';
import type { PodClaims } from '../pod-claims.ts';
import type { FilterPlugin } from './plugin.ts';
import { anyOf, hasOtherLabels, ownClaim, type QueueingHints } from './queueing-hints.ts';

export interface VolumePlan {
  /** Nothing is left to do before the pod is bound. */
  readonly isBound: boolean;
  readonly bindings: readonly { readonly volume: PersistentVolume; readonly claim: PersistentVolumeClaim }[];
  /** Claims for which a provisioner is to make a volume. */
  readonly provisions: readonly PersistentVolumeClaim[];
}

export interface VolumeBinding {
  readonly filter: FilterPlugin;
  /** What is to be done once the node is chosen; undefined when the node has no volumes for the pod. */
  planFor(node: Node): VolumePlan | undefined;
}

const pluginName = 'VolumeBinding';

/** A pod whose claims cannot be used as they are has these hints, too. */
export const volumeHints: QueueingHints = {
  node: (_pod, change) => hasOtherLabels(change),
  others: [ownClaim, ...[persistentVolumes, storageClasses, csiDrivers, csiStorageCapacities].map(anyOf)],
};

const reasons = {
  node: "node(s) didn't match PersistentVolume's node affinity",
  binding: "node(s) didn't find available persistent volumes to bind",
  space: 'node(s) did not have enough free storage',
  absent: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
};

const noProvisioner = 'kubernetes.io/no-provisioner';

/** `taken`: names of volumes that pods before this one get in the same pass. */
export function volumeBinding({ bound, delayed }: PodClaims, cache: Cache, taken: ReadonlySet<string>): VolumeBinding {
  const volumesByClass = new Map(delayed.map((claim) => [storageClassOf(claim), volumesOfClass(storageClassOf(claim), cache)]));
  // A node refuses to mount a claim that does not report its volume yet.
  const isBound = delayed.length === 0 && bound.every(({ status }) => status?.phase === 'Bound');
  const decide = (node: Node): VolumePlan | readonly string[] => {
    const why = unreachable(bound, node, cache);
    const selected = delayed.filter((claim) => annotationsOf(claim)[selectedNodeAnnotation] !== undefined);
    if (selected.some((claim) => annotationsOf(claim)[selectedNodeAnnotation] !== nameOf(node))) return [...why, reasons.binding];
    const { bindings, open } = freeVolumes(
      delayed.filter((claim) => !selected.includes(claim)),
      (claim) => (volumesByClass.get(storageClassOf(claim)) ?? []).filter((volume) => !taken.has(nameOf(volume))),
      node,
    );
    const provisions = [...selected, ...open];
    const found = [...why, ...provisions.flatMap((claim) => unprovisionable(claim, node, cache) ?? []).slice(0, 1)];
    return found.length > 0 ? found : { isBound, bindings, provisions };
  };
  const isPlan = (decided: VolumePlan | readonly string[]): decided is VolumePlan => 'isBound' in decided;
  return {
    filter: {
      name: pluginName,
      hints: volumeHints,
      prepare: () => ({
        refusal({ node }) {
          const decided = decide(node);
          return isPlan(decided) ? undefined : { plugin: pluginName, reasons: decided, isResolvable: false };
        },
      }),
    },
    planFor(node) {
      const decided = decide(node);
      return isPlan(decided) ? decided : undefined;
    },
  };
}

const volumesOfClass = (className: string, cache: Cache): PersistentVolume[] =>
  cache.list(persistentVolumes).filter((volume) => storageClassOf(volume) === className);

function unreachable(claims: readonly PersistentVolumeClaim[], node: Node, cache: Cache): string[] {
  const volumes = claims.map(({ spec }) => cache.get(persistentVolumes, { namespace: '', name: spec.volumeName ?? '' }));
  if (volumes.includes(undefined)) return [reasons.absent];
  return volumes.every((volume) => volume === undefined || isReachableFrom(volume, node)) ? [] : [reasons.node];
}

/** The smallest claim chooses first, and no two choose the same volume. */
function freeVolumes(
  claims: readonly PersistentVolumeClaim[],
  volumesFor: (claim: PersistentVolumeClaim) => readonly PersistentVolume[],
  node: Node,
): { bindings: VolumePlan['bindings']; open: PersistentVolumeClaim[] } {
  const bindings: { volume: PersistentVolume; claim: PersistentVolumeClaim }[] = [];
  const open: PersistentVolumeClaim[] = [];
  for (const claim of claims.toSorted((a, b) => compareQuantities(requestedStorage(a), requestedStorage(b)))) {
    const left = volumesFor(claim).filter((volume) => !bindings.some((binding) => binding.volume === volume));
    const volume = bestMatch(claim, left, { isReachable: (one) => isReachableFrom(one, node) });
    if (volume === undefined) open.push(claim);
    else bindings.push({ volume, claim });
  }
  return { bindings, open };
}

/** Undefined when a provisioner can make a volume for the claim on this node. */
function unprovisionable(claim: PersistentVolumeClaim, node: Node, cache: Cache): string | undefined {
  const className = storageClassOf(claim);
  const storageClass = cache.get(storageClasses, { namespace: '', name: className });
  if (storageClass === undefined || storageClass.provisioner === '' || storageClass.provisioner === noProvisioner) return reasons.binding;
  if (!matchesTopology(storageClass.allowedTopologies ?? [], node)) return reasons.binding;
  if (cache.get(csiDrivers, { namespace: '', name: storageClass.provisioner })?.spec.storageCapacity !== true) return undefined;
  const suffices = ({ storageClassName, nodeTopology, capacity = '0', maximumVolumeSize }: CSIStorageCapacity): boolean =>
    storageClassName === className &&
    nodeTopology !== undefined &&
    matchesLabels(requirementsOf(nodeTopology), labelsOf(node)) &&
    compareQuantities(maximumVolumeSize ?? capacity, requestedStorage(claim)) >= 0;
  return cache.list(csiStorageCapacities).some(suffices) ? undefined : reasons.space;
}

const matchesTopology = (terms: readonly TopologySelectorTerm[], node: Node): boolean =>
  terms.length === 0 ||
  terms.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labelsOf(node)[key] ?? '')),
  );
