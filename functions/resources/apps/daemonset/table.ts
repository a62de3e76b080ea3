/** The columns of `kubectl get daemonsets`. */
import type { DaemonSet } from '../../../kube/generated/types.ts';
import { ageColumn, labelsText, nameColumn, numberColumn, templateColumns, textColumn } from '../../columns.ts';
import type { Column } from '../../definition.ts';

export const columns: readonly Column<DaemonSet>[] = [
  nameColumn,
  numberColumn('Desired', 'Nodes that should run the pod.', ({ status }) => status?.desiredNumberScheduled ?? 0),
  numberColumn('Current', 'Nodes that run at least one pod and should.', ({ status }) => status?.currentNumberScheduled ?? 0),
  numberColumn('Ready', 'Nodes whose pod is ready.', ({ status }) => status?.numberReady ?? 0),
  numberColumn(
    'Up-to-date',
    'Nodes whose pod is made from the template as it is now.',
    ({ status }) => status?.updatedNumberScheduled ?? 0,
  ),
  numberColumn('Available', 'Nodes whose pod has been ready for long enough.', ({ status }) => status?.numberAvailable ?? 0),
  textColumn('Node Selector', 'Labels of the nodes that run the pod.', ({ spec }) => labelsText(spec.template?.spec?.nodeSelector)),
  ageColumn,
  ...templateColumns<DaemonSet>(
    ({ spec }) => spec.template,
    ({ spec }) => spec.selector,
  ),
];
