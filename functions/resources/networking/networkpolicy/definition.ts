import type { NetworkPolicy } from '../../../kube/generated/types.ts';
import { networkPolicies } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, formattedSelector, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const networkPolicyDefinition = definition<NetworkPolicy>({
  type: networkPolicies,
  schema: builtIn('io.k8s.api.networking.v1.NetworkPolicy'),
  singular: 'networkpolicy',
  rechecksName: false,
  shortNames: ['netpol'],
  hasGeneration: true,
  countsEmptyLists: true,
  columns: [
    nameColumn,
    textColumn('Pod-Selector', 'The pods that it is about.', ({ spec }) => formattedSelector(spec?.podSelector ?? {})),
    ageColumn,
  ],
  rules: () => import('./rules.ts'),
});
