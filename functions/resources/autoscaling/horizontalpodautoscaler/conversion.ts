/**
 * Between autoscaling/v2, which is stored, and v1. What v1 has no field for travels in annotations, as JSON in the order
 * in which Go writes it. Source: pkg/apis/autoscaling/v1/conversion.go.
 */
import type {
  AutoscalingHorizontalPodAutoscaler as HorizontalPodAutoscaler,
  AutoscalingMetricSpec as MetricSpec,
  HorizontalPodAutoscaler as HorizontalPodAutoscalerV1,
} from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import type { Conversion } from '../../definition.ts';
import { behaviorOf, behaviorText } from './behavior-annotation.ts';
import { defaultCpuUtilization } from './defaults.ts';
import {
  conditionsOf,
  conditionsText,
  metricSpecsOf,
  metricSpecsText,
  metricStatusesOf,
  metricStatusesText,
} from './metric-annotations.ts';

const annotations = {
  metrics: 'autoscaling.alpha.kubernetes.io/metrics',
  currentMetrics: 'autoscaling.alpha.kubernetes.io/current-metrics',
  conditions: 'autoscaling.alpha.kubernetes.io/conditions',
  behavior: 'autoscaling.alpha.kubernetes.io/behavior',
  scaleDownTolerance: 'autoscaling.alpha.kubernetes.io/scale-down-tolerance',
  scaleUpTolerance: 'autoscaling.alpha.kubernetes.io/scale-up-tolerance',
} as const;
const own: ReadonlySet<string> = new Set(Object.values(annotations));

type Metadata = KubeObject['metadata'];

function withAnnotations(metadata: Metadata, added: Readonly<Record<string, string | undefined>>): Metadata {
  const kept = Object.entries(metadata.annotations ?? {}).filter(([key]) => !own.has(key));
  const set = Object.entries(added).flatMap(([key, text]): [string, string][] => (text === undefined ? [] : [[key, text]]));
  const { annotations: _annotations, ...rest } = metadata;
  return kept.length + set.length === 0 ? rest : { ...rest, annotations: Object.fromEntries([...kept, ...set]) };
}

const cpuMetric = (averageUtilization: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});

/** The metric that v1 has a field for. */
const isCpuUtilization = ({ type, resource }: MetricSpec): boolean =>
  type === 'Resource' && resource?.name === 'cpu' && resource.target?.averageUtilization !== undefined;

function specOf({ spec, metadata }: HorizontalPodAutoscalerV1): HorizontalPodAutoscaler['spec'] {
  const { targetCPUUtilizationPercentage: utilization, ...kept } = spec;
  const others = metricSpecsOf(metadata.annotations?.[annotations.metrics]);
  const metrics = [...(others ?? []), ...(utilization === undefined ? [] : [cpuMetric(utilization)])];
  const behavior = behaviorOf(metadata.annotations?.[annotations.behavior]);
  return {
    ...kept,
    metrics: metrics.length === 0 ? [cpuMetric(defaultCpuUtilization)] : metrics,
    ...(behavior === undefined ? {} : { behavior }),
  };
}

function statusOf({ status, metadata }: HorizontalPodAutoscalerV1): HorizontalPodAutoscaler['status'] {
  const { currentCPUUtilizationPercentage: utilization, currentReplicas, desiredReplicas = 0, ...kept } = status ?? { currentReplicas: 0 };
  const fromField =
    utilization === undefined ? null : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: utilization } } }];
  const currentMetrics = metricStatusesOf(metadata.annotations?.[annotations.currentMetrics]) ?? fromField;
  const conditions = conditionsOf(metadata.annotations?.[annotations.conditions]);
  return {
    ...kept,
    ...(currentReplicas ? { currentReplicas } : {}),
    desiredReplicas,
    // Go prints null where nothing is.
    ...({ currentMetrics } as object),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

function toStored(served: KubeObject): KubeObject {
  const v1 = served as HorizontalPodAutoscalerV1;
  return {
    ...v1,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(v1.metadata, {}),
    spec: specOf(v1),
    status: statusOf(v1),
  } as KubeObject;
}

function fromStored(stored: KubeObject): KubeObject {
  const { metadata, spec, status, ...rest } = stored as HorizontalPodAutoscaler;
  const { metrics: allMetrics, behavior, ...keptSpec } = spec ?? {};
  const metrics = allMetrics ?? [];
  const utilization = metrics.find(isCpuUtilization)?.resource?.target?.averageUtilization;
  const { currentMetrics: allCurrent, conditions = [], currentReplicas = 0, desiredReplicas = 0, ...keptStatus } = status ?? {};
  const currentMetrics = allCurrent ?? [];
  const used = currentMetrics.findLast(({ type, resource }) => type === 'Resource' && resource?.name === 'cpu')?.resource?.current;
  return {
    ...rest,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(metadata, {
      [annotations.metrics]: metricSpecsText(metrics.filter((metric) => !isCpuUtilization(metric))),
      [annotations.currentMetrics]: metricStatusesText(currentMetrics),
      [annotations.behavior]: behavior === undefined ? undefined : behaviorText(behavior),
      [annotations.conditions]: conditionsText(conditions),
    }),
    spec: { ...keptSpec, ...(utilization === undefined ? {} : { targetCPUUtilizationPercentage: utilization }) },
    status: {
      ...keptStatus,
      currentReplicas,
      desiredReplicas,
      ...(used?.averageUtilization === undefined ? {} : { currentCPUUtilizationPercentage: used.averageUtilization }),
    },
  } as KubeObject;
}

export const conversion: Conversion = { toStored, fromStored };
