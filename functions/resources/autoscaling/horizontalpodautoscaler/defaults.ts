/** Source: pkg/apis/autoscaling/v2/defaults.go. */
import { copy } from '../../../kube/copy.ts';
import type { AutoscalingHorizontalPodAutoscaler as HorizontalPodAutoscaler, HPAScalingRules } from '../../../kube/generated/types.ts';

/** Percent of the requested CPU that an autoscaler without metrics aims at. */
export const defaultCpuUtilization = 80;

const periodSeconds = 15;

const scaleUpRules: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds },
    { type: 'Percent', value: 100, periodSeconds },
  ],
};
const scaleDownRules: HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds }] };

export function setAutoscalerDefaults({ spec }: HorizontalPodAutoscaler): void {
  spec.minReplicas ??= 1;
  if ((spec.metrics ?? []).length === 0) {
    const target = { type: 'Utilization', averageUtilization: defaultCpuUtilization };
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  if (spec.behavior === undefined) return;
  spec.behavior.scaleUp = completed(spec.behavior.scaleUp, scaleUpRules);
  spec.behavior.scaleDown = completed(spec.behavior.scaleDown, scaleDownRules);
}

/** An empty list of policies is no list: decoding drops it. */
const completed = (rules: HPAScalingRules | undefined, defaults: HPAScalingRules): HPAScalingRules => ({ ...copy(defaults), ...rules });
