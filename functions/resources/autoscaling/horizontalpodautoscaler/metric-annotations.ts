/** Metrics and conditions of a v2 autoscaler in annotations of v1: as the types of v1 write them. */
import type {
  AutoscalingHorizontalPodAutoscalerCondition as Condition,
  AutoscalingMetricSpec as MetricSpec,
  AutoscalingMetricStatus as MetricStatus,
  MetricSpec as MetricSpecV1,
  MetricStatus as MetricStatusV1,
} from '../../../kube/generated/types.ts';
import { isJsonObject } from '../../../kube/object.ts';
import { builtIn } from '../../../kube/schema.ts';
import { StatusError } from '../../../kube/status-error.ts';
import { parsedJson } from './annotation-json.ts';

const textOfList = (list: readonly object[]): string | undefined => (list.length === 0 ? undefined : JSON.stringify(list));

/** Undefined when a part of the list is none of the type. */
function listOf<T>(text: string | undefined, schemaName: string): readonly T[] | undefined {
  const list = parsedJson(text);
  if (!Array.isArray(list)) return undefined;
  const schema = builtIn(schemaName);
  try {
    return list.map((item) => schema.decode(isJsonObject(item) ? item : {}).object as T);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

export const metricSpecsText = (metrics: readonly MetricSpec[]): string | undefined => textOfList(metrics.map(specForm));

/** Fields in the order of Go's structs; undefined ones are left out. */
function specForm({ type, object, pods, resource, containerResource, external }: MetricSpec): object {
  return {
    type,
    object: object && {
      target: referenceForm(object.describedObject),
      metricName: object.metric.name,
      targetValue: object.target.value ?? '0',
      selector: object.metric.selector,
      averageValue: object.target.averageValue,
    },
    pods: pods && { metricName: pods.metric.name, targetAverageValue: pods.target.averageValue ?? '0', selector: pods.metric.selector },
    resource: resource && {
      name: resource.name,
      targetAverageUtilization: resource.target.averageUtilization,
      targetAverageValue: resource.target.averageValue,
    },
    containerResource: containerResource && {
      name: containerResource.name,
      targetAverageUtilization: containerResource.target.averageUtilization,
      targetAverageValue: containerResource.target.averageValue,
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      targetValue: external.target.value,
      targetAverageValue: external.target.averageValue,
    },
  };
}

const referenceForm = ({ kind, name, apiVersion }: { kind: string; name: string; apiVersion?: string }): object => ({
  kind,
  name,
  apiVersion: apiVersion || undefined,
});

export const metricSpecsOf = (text: string | undefined): readonly MetricSpec[] | undefined =>
  listOf<MetricSpecV1>(text, 'io.k8s.api.autoscaling.v1.MetricSpec')?.map(specOf);

const amount = (
  type: string,
  amounts: { value?: string | undefined; averageValue?: string | undefined },
): MetricSpec['external'] extends { target: infer Target } | undefined ? Target : never => ({ type, ...compact(amounts) });

/** The fields without undefined ones. */
function compact<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}

function specOf({ type, object, pods, resource, containerResource, external }: MetricSpecV1): MetricSpec {
  const spec: MetricSpec = { type };
  if (object !== undefined) {
    const { target, metricName, targetValue, selector, averageValue } = object;
    const value = averageValue === undefined || targetValue !== '0' ? targetValue : undefined;
    const metric = { name: metricName, ...compact({ selector }) };
    spec.object = {
      describedObject: target,
      metric,
      target: amount(averageValue === undefined ? 'Value' : 'AverageValue', { value, averageValue }),
    };
  }
  if (pods !== undefined) {
    const metric = { name: pods.metricName, ...compact({ selector: pods.selector }) };
    spec.pods = { metric, target: amount('AverageValue', { averageValue: pods.targetAverageValue }) };
  }
  if (resource !== undefined) spec.resource = { name: resource.name, target: resourceTarget(resource) };
  if (containerResource !== undefined) {
    const { name, container } = containerResource;
    spec.containerResource = { name, container, target: resourceTarget(containerResource) };
  }
  if (external !== undefined) {
    const { metricName, metricSelector: selector, targetValue: value, targetAverageValue: averageValue } = external;
    const target = amount(value === undefined ? 'AverageValue' : 'Value', { value, averageValue });
    spec.external = { metric: { name: metricName, ...compact({ selector }) }, target };
  }
  return spec;
}

interface ResourceTarget {
  targetAverageUtilization?: number;
  targetAverageValue?: string;
}

const resourceTarget = ({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue }: ResourceTarget) => ({
  type: averageUtilization === undefined ? 'AverageValue' : 'Utilization',
  ...compact({ averageValue, averageUtilization }),
});

export const metricStatusesText = (statuses: readonly MetricStatus[]): string | undefined => textOfList(statuses.map(statusForm));

function statusForm({ type, object, pods, resource, containerResource, external }: MetricStatus): object {
  return {
    type,
    object: object && {
      target: referenceForm(object.describedObject),
      metricName: object.metric.name,
      currentValue: object.current.value ?? '0',
      selector: object.metric.selector,
      averageValue: object.current.averageValue,
    },
    pods: pods && { metricName: pods.metric.name, currentAverageValue: pods.current.averageValue ?? '0', selector: pods.metric.selector },
    resource: resource && {
      name: resource.name,
      currentAverageUtilization: resource.current.averageUtilization,
      currentAverageValue: resource.current.averageValue ?? '0',
    },
    containerResource: containerResource && {
      name: containerResource.name,
      currentAverageUtilization: containerResource.current.averageUtilization,
      currentAverageValue: containerResource.current.averageValue ?? '0',
      container: containerResource.container,
    },
    external: external && {
      metricName: external.metric.name,
      metricSelector: external.metric.selector,
      currentValue: external.current.value ?? '0',
      currentAverageValue: external.current.averageValue,
    },
  };
}

export const metricStatusesOf = (text: string | undefined): readonly MetricStatus[] | undefined =>
  listOf<MetricStatusV1>(text, 'io.k8s.api.autoscaling.v1.MetricStatus')?.map(statusOf);

function statusOf({ type, object, pods, resource, containerResource, external }: MetricStatusV1): MetricStatus {
  const status: MetricStatus = { type };
  if (object !== undefined) {
    const metric = { name: object.metricName, ...compact({ selector: object.selector }) };
    const current = compact({ value: object.currentValue, averageValue: object.averageValue });
    status.object = { describedObject: object.target, metric, current };
  }
  if (pods !== undefined) {
    const metric = { name: pods.metricName, ...compact({ selector: pods.selector }) };
    status.pods = { metric, current: compact({ averageValue: pods.currentAverageValue }) };
  }
  if (resource !== undefined) status.resource = { name: resource.name, current: resourceCurrent(resource) };
  if (containerResource !== undefined) {
    const { name, container } = containerResource;
    status.containerResource = { name, container, current: resourceCurrent(containerResource) };
  }
  if (external !== undefined) {
    const metric = { name: external.metricName, ...compact({ selector: external.metricSelector }) };
    status.external = { metric, current: compact({ value: external.currentValue, averageValue: external.currentAverageValue }) };
  }
  return status;
}

interface ResourceCurrent {
  currentAverageUtilization?: number;
  currentAverageValue: string;
}

const resourceCurrent = ({ currentAverageUtilization: averageUtilization, currentAverageValue: averageValue }: ResourceCurrent) =>
  compact({ averageUtilization, averageValue });

export const conditionsText = (conditions: readonly Condition[]): string | undefined =>
  textOfList(
    conditions.map(({ type, status, lastTransitionTime = null, reason, message, observedGeneration }) => ({
      type,
      status,
      lastTransitionTime,
      reason: reason || undefined,
      message: message || undefined,
      observedGeneration: observedGeneration || undefined,
    })),
  );

export const conditionsOf = (text: string | undefined): Condition[] | undefined => {
  const conditions = listOf<Condition>(text, 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerCondition');
  return conditions === undefined ? undefined : [...conditions];
};
