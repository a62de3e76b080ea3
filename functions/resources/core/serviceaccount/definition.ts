import type { ServiceAccount } from '../../../kube/generated/types.ts';
import { serviceAccounts } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const serviceAccountDefinition = definition<ServiceAccount>({
  type: serviceAccounts,
  schema: builtIn('io.k8s.api.core.v1.ServiceAccount'),
  singular: 'serviceaccount',
  shortNames: ['sa'],
  subresources: [
    {
      kind: 'computed',
      name: 'token',
      verbs: ['create'],
      body: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
      bodySchema: builtIn('io.k8s.api.authentication.v1.TokenRequest'),
      computation: 'token-request',
    },
  ],
  columns: [nameColumn, numberColumn('Secrets', 'How many secrets it names.', ({ secrets }) => secrets?.length ?? 0), ageColumn],
  returnsDeletedObject: true,
});
