/** Which changes may let a pod in that a plug-in refused: it waits, and is tried again only then. Source: EventsToRegister of upstream's plug-ins. */
import { deepEqual } from '../../kube/equality.ts';
import type { Node, Pod } from '../../kube/generated/types.ts';
import { type KubeObject, labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { persistentVolumeClaims, type ResourceType } from '../../kube/resource-type.ts';
import { claimNameOf } from '../../kube/volumes.ts';
import type { ClusterState } from '../cluster-state.ts';

/** What an object was, and what it is; undefined where there was or is none. */
export interface Difference<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** Changes of a sort that is left out never help. */
export interface QueueingHints {
  node?(waiting: Pod, change: Difference<Node>): boolean;
  /** A pod came to a node, left it, or changed there. A pod for which room is kept counts as being there. */
  placedPod?(waiting: Pod, change: Difference<Pod>, cluster: ClusterState): boolean;
  readonly others?: readonly OtherHint[];
}

/** About objects that are neither nodes nor pods. */
export interface OtherHint {
  readonly type: ResourceType;
  helps(waiting: Pod, change: Difference<KubeObject>): boolean;
}

export const came = ({ before }: Difference<unknown>): boolean => before === undefined;

const cameOrChanged = ({ after }: Difference<unknown>): boolean => after !== undefined;

/** A node came, or has other labels. */
export const hasOtherLabels = ({ before, after }: Difference<Node>): boolean =>
  after !== undefined && (before === undefined || !deepEqual(labelsOf(before), labelsOf(after)));

/** Any object of the type that came or changed. */
export const anyOf = (type: ResourceType): OtherHint => ({ type, helps: (_waiting, change) => cameOrChanged(change) });

export const claimNamesOf = (pod: Pod): readonly string[] => (pod.spec.volumes ?? []).flatMap((volume) => claimNameOf(pod, volume) ?? []);

/** A claim of the pod came or changed. */
export const ownClaim: OtherHint = {
  type: persistentVolumeClaims,
  helps: (waiting, { after }) =>
    after !== undefined && namespaceOf(after) === namespaceOf(waiting) && claimNamesOf(waiting).includes(nameOf(after)),
};
