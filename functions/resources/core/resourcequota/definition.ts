import type { ResourceQuota } from '../../../kube/generated/types.ts';
import { resourceQuotas } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { roundQuantities } from '../../quantities.ts';

const isLimit = (resource: string): boolean => resource.startsWith('limits.');

/** `pods: 3/10, services: 0/5`. */
function usedText({ status }: ResourceQuota, isShown: (resource: string) => boolean): string {
  const resources = Object.keys(status?.hard ?? {})
    .filter(isShown)
    .toSorted();
  return resources.map((resource) => `${resource}: ${status?.used?.[resource] ?? '0'}/${status?.hard?.[resource] ?? '0'}`).join(', ');
}

export const resourceQuotaDefinition = definition<ResourceQuota>({
  type: resourceQuotas,
  schema: builtIn('io.k8s.api.core.v1.ResourceQuota'),
  singular: 'resourcequota',
  rechecksName: false,
  shortNames: ['quota'],
  hasStatus: true,
  columns: [
    nameColumn,
    textColumn('Request', 'What is used of what is granted, without limits.', (quota) => usedText(quota, (name) => !isLimit(name))),
    textColumn('Limit', 'What is used of the limits that are granted.', (quota) => usedText(quota, isLimit)),
    ageColumn,
  ],
  setDefaults({ spec, status }) {
    for (const quantities of [spec.hard, status?.hard, status?.used]) roundQuantities(quantities);
  },
  returnsDeletedObject: true,
  rules: () => import('./rules.ts'),
});
