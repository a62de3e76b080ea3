import type { ResourceSlice } from '../../../kube/generated/types.ts';
import { resourceSlices } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { setTimeAdded } from '../taints.ts';

function setTaintTimes({ spec }: ResourceSlice, nowMs: number): void {
  for (const { taints = [] } of spec?.devices ?? []) for (const taint of taints) setTimeAdded(taint, { nowMs });
}

export const resourceSliceDefinition = definition<ResourceSlice>({
  type: resourceSlices,
  schema: builtIn('io.k8s.api.resource.v1.ResourceSlice'),
  singular: 'resourceslice',
  rechecksName: false,
  hasGeneration: true,
  returnsDeletedObject: true,
  columns: [
    nameColumn,
    textColumn('Node', 'The node of the devices.', ({ spec }) => spec?.nodeName ?? ''),
    textColumn('Driver', 'The driver of the devices.', ({ spec }) => spec?.driver ?? ''),
    textColumn('Pool', 'The pool that it is a part of.', ({ spec }) => spec?.pool?.name ?? ''),
    ageColumn,
  ],
  selectableFields: ['spec.nodeName', 'spec.driver', 'spec.pool.name'],
  fields: ({ spec }) => ({
    'spec.nodeName': spec?.nodeName ?? '',
    'spec.driver': spec?.driver ?? '',
    'spec.pool.name': spec?.pool?.name ?? '',
  }),
  readsFieldSelectors: true,
  setDefaultTimes: setTaintTimes,
  rules: () => import('./rules.ts'),
});
