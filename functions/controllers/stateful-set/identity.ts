/**
 * What makes a pod the one of its ordinal: its name, labels, host name and claims. Pure.
 * Source: pkg/controller/statefulset/stateful_set_utils.go.
 */
import { copy } from '../../kube/copy.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet, Volume } from '../../kube/generated/types.ts';
import { labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { statefulSets } from '../../kube/resource-type.ts';
import { podFromTemplate } from '../shared/pod-control.ts';
import { revisionHashLabel } from '../shared/revisions.ts';

const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const podIndexLabel = 'apps.kubernetes.io/pod-index';
const ordinalMax = 2 ** 31 - 1;

export const replicasOf = ({ spec }: StatefulSet): number => spec.replicas ?? 1;
export const startOrdinal = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;

const nameParts = (pod: Pod): RegExpExecArray | null => /^(.*)-([0-9]+)$/.exec(nameOf(pod));

/** Undefined for a pod whose name has none. */
export function ordinalOf(pod: Pod): number | undefined {
  const ordinal = Number(nameParts(pod)?.[2] ?? NaN);
  return ordinal <= ordinalMax ? ordinal : undefined;
}

/** Named after the set: only such pods are adopted. */
export const isMember = (set: StatefulSet, pod: Pod): boolean => nameParts(pod)?.[1] === nameOf(set);

export function isInRange(set: StatefulSet, pod: Pod): boolean {
  const ordinal = ordinalOf(pod) ?? -1;
  return ordinal >= startOrdinal(set) && ordinal < startOrdinal(set) + replicasOf(set);
}

export const podRevision = (pod: Pod): string => labelsOf(pod)[revisionHashLabel] ?? '';

const claimName = (set: StatefulSet, template: PersistentVolumeClaim, ordinal: number): string =>
  `${nameOf(template)}-${nameOf(set)}-${ordinal}`;

/** The claims of the pod with this ordinal, in the order of their templates. */
export const claimNames = (set: StatefulSet, ordinal: number): string[] =>
  (set.spec.volumeClaimTemplates ?? []).map((template) => claimName(set, template, ordinal));

export function claimsOf(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) =>
    copy({
      ...template,
      metadata: {
        ...template.metadata,
        name: claimName(set, template, ordinal),
        namespace: namespaceOf(set),
        labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      },
    }),
  );
}

/** A volume of a claim template's name is the claim's, whatever the pod template has under this name. */
function volumesOf(set: StatefulSet, ordinal: number, others: readonly Volume[]): Volume[] {
  const templates = set.spec.volumeClaimTemplates ?? [];
  const own = templates.map((template) => ({
    name: nameOf(template),
    persistentVolumeClaim: { claimName: claimName(set, template, ordinal) },
  }));
  return [...own, ...others.filter(({ name }) => !own.some((volume) => volume.name === name))];
}

const identityLabels = (name: string, ordinal: number): Record<string, string> => ({
  [podNameLabel]: name,
  [podIndexLabel]: String(ordinal),
});

export interface Revisioned {
  readonly template: PodTemplateSpec;
  /** The name of the ControllerRevision. */
  readonly revision: string;
}

export function newPod(set: StatefulSet, { template, revision }: Revisioned, ordinal: number): Pod {
  const name = `${nameOf(set)}-${ordinal}`;
  const pod = podFromTemplate(set, statefulSets, template);
  const volumes = volumesOf(set, ordinal, pod.spec.volumes ?? []);
  pod.metadata.name = name;
  pod.metadata.labels = { ...pod.metadata.labels, ...identityLabels(name, ordinal), [revisionHashLabel]: revision };
  pod.spec = { ...pod.spec, hostname: name, subdomain: set.spec.serviceName, ...(volumes.length > 0 && { volumes }) };
  return copy(pod);
}

/** The pod is labelled as the one of its ordinal. */
export const hasIdentity = (pod: Pod): boolean => labelsOf(pod)[podNameLabel] === nameOf(pod);

/** The pod mounts the claims of its ordinal. */
export const hasStorage = (set: StatefulSet, pod: Pod): boolean =>
  (set.spec.volumeClaimTemplates ?? []).every((template) =>
    (pod.spec.volumes ?? []).some(
      ({ name, persistentVolumeClaim }) =>
        name === nameOf(template) && persistentVolumeClaim?.claimName === claimName(set, template, ordinalOf(pod) ?? -1),
    ),
  );

/** An adopted pod, made to be what a new one would be as far as that can be changed. */
export function withIdentity(set: StatefulSet, pod: Pod): Pod {
  const next = copy(pod);
  const ordinal = ordinalOf(pod) ?? 0;
  next.metadata.labels = { ...next.metadata.labels, ...identityLabels(nameOf(pod), ordinal) };
  if (!hasStorage(set, pod)) next.spec.volumes = volumesOf(set, ordinal, pod.spec.volumes ?? []);
  return next;
}
