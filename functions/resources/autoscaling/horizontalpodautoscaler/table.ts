/** The columns of `kubectl get horizontalpodautoscalers`. Source: pkg/printers/internalversion/printers.go, formatHPAMetrics. */
import type {
  AutoscalingHorizontalPodAutoscaler as HorizontalPodAutoscaler,
  AutoscalingMetricSpec as MetricSpec,
  AutoscalingMetricStatus as MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../../kube/generated/types.ts';
import { ageColumn, nameColumn, none, textColumn, unknown } from '../../columns.ts';
import type { Column } from '../../definition.ts';

const metricsMax = 2;

type Target = MetricTarget | undefined;
type Current = MetricValueStatus | undefined;

/** An average, or a value. */
function valueText(target: Target, current: Current): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`;
  return `${current === undefined ? unknown : (current.value ?? '<nil>')}/${target?.value ?? '<nil>'}`;
}

function resourceText(name: string, target: Target, current: Current): string {
  if (target?.averageValue !== undefined) {
    return `${name}: ${current === undefined ? unknown : (current.averageValue ?? '<nil>')}/${target.averageValue}`;
  }
  const used = current?.averageUtilization === undefined ? unknown : `${current.averageUtilization}%`;
  return `${name}: ${used}/${target?.averageUtilization === undefined ? '<auto>' : `${target.averageUtilization}%`}`;
}

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return valueText(spec.external?.target, status?.external?.current);
    case 'Object':
      return valueText(spec.object?.target, status?.object?.current);
    case 'Pods': {
      const current = status?.pods?.current;
      return `${current === undefined ? unknown : (current.averageValue ?? '<nil>')}/${spec.pods?.target?.averageValue ?? '<nil>'}`;
    }
    case 'Resource':
      return resourceText(spec.resource?.name ?? '', spec.resource?.target, status?.resource?.current);
    case 'ContainerResource':
      return resourceText(spec.containerResource?.name ?? '', spec.containerResource?.target, status?.containerResource?.current);
    default:
      return '<unknown type>';
  }
}

function metricsText({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return none;
  const shown = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index])).slice(0, metricsMax);
  const more = metrics.length > metricsMax ? ` + ${metrics.length - metricsMax} more...` : '';
  return `${shown.join(', ')}${more}`;
}

/** Upstream declares text and prints a number. */
const numberAsText = (
  name: string,
  description: string,
  value: (object: HorizontalPodAutoscaler) => number,
): Column<HorizontalPodAutoscaler> => ({ name, type: 'string', description, priority: 0, value });

export const columns: readonly Column<HorizontalPodAutoscaler>[] = [
  nameColumn,
  textColumn('Reference', 'What it scales.', ({ spec: { scaleTargetRef: target } }) => `${target?.kind ?? ''}/${target?.name ?? ''}`),
  textColumn('Targets', 'What the metrics are and should be.', metricsText),
  textColumn('MinPods', 'The least number of pods.', ({ spec }) => String(spec.minReplicas ?? '<unset>')),
  numberAsText('MaxPods', 'The greatest number of pods.', ({ spec }) => spec.maxReplicas ?? 0),
  numberAsText('Replicas', 'How many pods there are.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
];
