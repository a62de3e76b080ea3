import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const horizontalPodAutoscalerRole: ControllerRole = {
  name: 'horizontal-pod-autoscaler',
  rules: [
    rule(read, 'autoscaling', 'horizontalpodautoscalers'),
    rule(['update'], 'autoscaling', 'horizontalpodautoscalers/status'),
    rule(['get', 'update'], '*', '*/scale'),
    rule(['list', 'watch'], '', 'pods'),
    rule(['list', 'watch'], 'metrics.k8s.io', 'pods'),
    rule(read, 'custom.metrics.k8s.io', '*'),
    rule(read, 'external.metrics.k8s.io', '*'),
    ...eventRules,
  ],
};
