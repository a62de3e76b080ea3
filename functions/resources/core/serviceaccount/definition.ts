import type { ServiceAccount } from '../../../kube/generated/types.ts';
import { annotationsOf } from '../../../kube/object.ts';
import { serviceAccounts } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

/** Only the name of a reference to a Secret is kept. Source: pkg/registry/core/serviceaccount/strategy.go. */
function keepSecretNames(account: ServiceAccount): void {
  if (account.secrets !== undefined) account.secrets = account.secrets.map(({ name }) => (name === undefined ? {} : { name }));
}

const mountableAnnotation = 'kubernetes.io/enforce-mountable-secrets';

const isLimited = (account: ServiceAccount): boolean => mountableAnnotation in annotationsOf(account);

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
  warnings: (next, current) =>
    isLimited(next) && (current === undefined || !isLimited(current))
      ? [
          `metadata.annotations[${mountableAnnotation}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
        ]
      : [],
  columns: [nameColumn, ageColumn],
  returnsDeletedObject: true,
});
