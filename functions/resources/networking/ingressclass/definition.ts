import type { IngressClass } from '../../../kube/generated/types.ts';
import { ingressClasses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { nameText, parametersText } from './table.ts';

export const ingressClassDefinition = definition<IngressClass>({
  type: ingressClasses,
  schema: builtIn('io.k8s.api.networking.v1.IngressClass'),
  singular: 'ingressclass',
  hasGeneration: true,
  columns: [
    { ...nameColumn, value: nameText },
    textColumn('Controller', 'Which controller handles its Ingresses.', ({ spec }) => spec?.controller ?? ''),
    textColumn('Parameters', 'What configures the controller further.', parametersText),
    ageColumn,
  ],
  setDefaults({ spec }) {
    if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
  },
  rules: () => import('./rules.ts'),
});
