/** The columns of `kubectl get replicasets`, which replication controllers share. */
import type { LabelSelector, PodTemplateSpec } from '../../../kube/generated/types.ts';
import { selectorText } from '../../../kube/labels.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { ageColumn, containerImages, containerNames, nameColumn, none, numberColumn, textColumn, wide } from '../../columns.ts';
import type { Column } from '../../definition.ts';

interface Replicated extends KubeObject {
  spec: { replicas?: number; selector?: LabelSelector | Record<string, string>; template?: PodTemplateSpec };
  status?: { replicas: number; readyReplicas?: number };
}

export const replicaColumns = <T extends Replicated>(): readonly Column<T>[] => [
  nameColumn,
  numberColumn('Desired', 'Pods that are wanted.', ({ spec }) => spec.replicas ?? 0),
  numberColumn('Current', 'Pods that exist.', ({ status }) => status?.replicas ?? 0),
  numberColumn('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0),
  ageColumn,
  wide(textColumn('Containers', 'Names of the containers in the template.', ({ spec }) => containerNames(spec.template?.spec.containers))),
  wide(textColumn('Images', 'Images of the containers in the template.', ({ spec }) => containerImages(spec.template?.spec.containers))),
  wide(textColumn('Selector', 'Which pods are its own.', ({ spec }) => selectorText(spec.selector ?? {}) || none)),
];
