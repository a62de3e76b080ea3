/** Stored and preferred as autoscaling/v2; autoscaling/v1 is served by conversion. */
import type { AutoscalingHorizontalPodAutoscaler as HorizontalPodAutoscaler } from '../../../kube/generated/types.ts';
import { horizontalPodAutoscalers, horizontalPodAutoscalersV1 } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition, splitConversion } from '../../definition.ts';
import { columns } from './table.ts';

const { conversion, load } = splitConversion(async () => (await import('./conversion.ts')).conversion);

export const horizontalPodAutoscalerDefinition = definition<HorizontalPodAutoscaler>({
  type: horizontalPodAutoscalers,
  otherVersions: [{ type: horizontalPodAutoscalersV1, schema: builtIn('io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler'), conversion }],
  schema: builtIn('io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler'),
  singular: 'horizontalpodautoscaler',
  rechecksName: false,
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  columns,
  prepareForCreate(autoscaler) {
    // Go prints the list as null as long as nothing has reported metrics.
    autoscaler.status = { ...({ currentMetrics: null } as object), desiredReplicas: 0 };
  },
  load,
  rules: () => import('./rules.ts'),
});
