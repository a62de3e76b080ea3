/** The columns of `kubectl get deployments`. */
import type { Deployment } from '../../../kube/generated/types.ts';
import { selectorText } from '../../../kube/labels.ts';
import { ageColumn, containerImages, containerNames, nameColumn, none, textColumn, valueColumn, wide } from '../../columns.ts';
import type { Column } from '../../definition.ts';

export const columns: readonly Column<Deployment>[] = [
  nameColumn,
  textColumn(
    'Ready',
    'Pods that are ready, of the pods that are wanted.',
    ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
  ),
  valueColumn('Up-to-date', 'Pods made from the template as it is now.', ({ status }) => status?.updatedReplicas ?? 0),
  valueColumn('Available', 'Pods that have been ready for long enough.', ({ status }) => status?.availableReplicas ?? 0),
  ageColumn,
  wide(textColumn('Containers', 'Names of the containers in the template.', ({ spec }) => containerNames(spec.template?.spec.containers))),
  wide(textColumn('Images', 'Images of the containers in the template.', ({ spec }) => containerImages(spec.template?.spec.containers))),
  wide(
    textColumn('Selector', 'Which pods are its own.', ({ spec }) =>
      spec.selector === undefined ? '' : selectorText(spec.selector) || none,
    ),
  ),
];
