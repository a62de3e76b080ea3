import { pods } from '../../../kube/resource-type.ts';
import type { Pod } from '../../../kube/generated/types.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { graceSeconds } from './grace.ts';
import { subresources } from './subresources.ts';
import { columns } from './table.ts';

const fields = ({ spec, status }: Pod): Record<string, string> => ({
  'spec.nodeName': spec.nodeName ?? '',
  'spec.restartPolicy': spec.restartPolicy ?? '',
  'spec.schedulerName': spec.schedulerName ?? '',
  'spec.serviceAccountName': spec.serviceAccountName ?? '',
  'spec.hostNetwork': String(spec.hostNetwork ?? false),
  'status.phase': status?.phase ?? '',
  'status.podIP': status?.podIPs?.[0]?.ip ?? status?.podIP ?? '',
  'status.nominatedNodeName': status?.nominatedNodeName ?? '',
});

export const podDefinition = definition<Pod>({
  type: pods,
  schema: builtIn('io.k8s.api.core.v1.Pod'),
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  resetFields: {
    status: ['spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'],
    only: { ephemeralcontainers: ['spec.ephemeralContainers'] },
  },
  hasGeneration: true,
  subresources,
  columns,
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  fields,
  graceSeconds,
  returnsDeletedObject: true,
  rules: () => import('./rules.ts'),
});
