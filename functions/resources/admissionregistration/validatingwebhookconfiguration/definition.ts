import type { ValidatingWebhookConfiguration } from '../../../kube/generated/types.ts';
import { validatingWebhookConfigurations } from '../../../kube/resource-type.ts';
import { loadPatterns } from '../../../kube/patterns.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { setWebhookDefaults } from '../defaults.ts';

export const validatingWebhookConfigurationDefinition = definition<ValidatingWebhookConfiguration>({
  type: validatingWebhookConfigurations,
  schema: builtIn('io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration'),
  singular: 'validatingwebhookconfiguration',
  allowsBareFinalizers: true,
  categories: ['api-extensions'],
  hasGeneration: true,
  countsEmptyLists: true,
  allowsUnconditionalUpdate: false,
  columns: [nameColumn, numberColumn('Webhooks', 'How many webhooks it names.', ({ webhooks }) => (webhooks ?? []).length), ageColumn],
  setDefaults({ webhooks = [] }) {
    for (const webhook of webhooks) setWebhookDefaults(webhook);
  },
  rules: () => import('./rules.ts'),
  load: loadPatterns,
});
