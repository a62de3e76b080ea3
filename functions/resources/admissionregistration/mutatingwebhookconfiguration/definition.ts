import type { MutatingWebhookConfiguration } from '../../../kube/generated/types.ts';
import { mutatingWebhookConfigurations } from '../../../kube/resource-type.ts';
import { loadPatterns } from '../../../kube/patterns.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { setWebhookDefaults } from '../defaults.ts';

export const mutatingWebhookConfigurationDefinition = definition<MutatingWebhookConfiguration>({
  type: mutatingWebhookConfigurations,
  schema: builtIn('io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration'),
  singular: 'mutatingwebhookconfiguration',
  allowsBareFinalizers: true,
  categories: ['api-extensions'],
  hasGeneration: true,
  countsEmptyLists: true,
  allowsUnconditionalUpdate: false,
  columns: [nameColumn, numberColumn('Webhooks', 'How many webhooks it names.', ({ webhooks }) => (webhooks ?? []).length), ageColumn],
  setDefaults({ webhooks = [] }) {
    for (const webhook of webhooks) {
      setWebhookDefaults(webhook);
      webhook.reinvocationPolicy ??= 'Never';
    }
  },
  rules: () => import('./rules.ts'),
  load: loadPatterns,
});
