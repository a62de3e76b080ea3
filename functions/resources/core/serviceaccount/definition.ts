import type { ServiceAccount } from '../../../kube/generated/types.ts';
import { serviceAccounts } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

/** Of a reference to a secret only the name counts. Source: pkg/registry/core/serviceaccount/strategy.go. */
function keepSecretNames(account: ServiceAccount): void {
  if (account.secrets !== undefined) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}

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
  prepareForCreate: keepSecretNames,
  prepareForUpdate: keepSecretNames,
  columns: [nameColumn, ageColumn],
  returnsDeletedObject: true,
});
