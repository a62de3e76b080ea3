import type { PodDisruptionBudget } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { podDisruptionBudgets } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const podDisruptionBudgetDefinition = definition<PodDisruptionBudget>({
  type: podDisruptionBudgets,
  schema: builtIn('io.k8s.api.policy.v1.PodDisruptionBudget'),
  singular: 'poddisruptionbudget',
  allowsBareFinalizers: true,
  rechecksName: false,
  shortNames: ['pdb'],
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('Min Available', 'How many pods must stay available.', ({ spec }) => String(spec.minAvailable ?? 'N/A')),
    textColumn('Max Unavailable', 'How many pods may be unavailable.', ({ spec }) => String(spec.maxUnavailable ?? 'N/A')),
    numberColumn('Allowed Disruptions', 'How many pods may be evicted now.', ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
  validateName: pathSegmentErrors,
  prepareForCreate(budget) {
    budget.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  allowsUnconditionalUpdate: false,
  rules: () => import('./rules.ts'),
});
