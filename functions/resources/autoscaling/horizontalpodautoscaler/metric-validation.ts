/** Source: pkg/apis/autoscaling/validation/validation.go, validateMetricSpec. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type {
  AutoscalingContainerResourceMetricSource as ContainerResourceSource,
  AutoscalingMetricSpec as MetricSpec,
  AutoscalingResourceMetricSource as ResourceSource,
  MetricIdentifier,
  MetricTarget,
} from '../../../kube/generated/types.ts';
import { dnsLabelErrors, pathSegmentErrors } from '../../../kube/names.ts';
import { canonicalQuantity, parseQuantity } from '../../../kube/quantity.ts';
import { validateContainerResourceName } from '../../quantity-rules.ts';
import { validateReference } from './reference-validation.ts';

const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
/** In this order the first one present is checked. */
const sources = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
type Source = (typeof sources)[number];

const fieldOf: ReadonlyMap<string, Source> = new Map([
  ['ContainerResource', 'containerResource'],
  ['External', 'external'],
  ['Object', 'object'],
  ['Pods', 'pods'],
  ['Resource', 'resource'],
]);

export function validateMetric(metric: MetricSpec, path: string): FieldError[] {
  const { type = '' } = metric;
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric source type'));
  if (!types.includes(type)) errors.push(notSupported(`${path}.type`, type, types));
  const present = sources.filter((source) => metric[source] !== undefined);
  if (present[0] !== undefined) errors.push(...sourceErrors(metric, present[0], `${path}.${present[0]}`));
  const expected = fieldOf.get(type);
  if (expected !== undefined && metric[expected] === undefined)
    errors.push(required(`${path}.${expected}`, 'must populate information for the given metric source'));
  if (present.length === 1) return errors;
  const others = present.filter((source) => source !== expected);
  return [...errors, ...others.map((source) => forbiddenField(`${path}.${source}`, 'must populate the given metric source only'))];
}

function sourceErrors({ object, external, pods, resource, containerResource }: MetricSpec, source: Source, path: string): FieldError[] {
  const target = `${path}.target`;
  if (source === 'object' && object !== undefined) {
    return [
      ...validateReference(object.describedObject, `${path}.describedObject`, 'core'),
      ...identifierErrors(object.metric, `${path}.metric`),
      ...targetErrors(object.target, target),
      ...(object.target.value === undefined && object.target.averageValue === undefined
        ? [required(`${target}.averageValue`, 'must set either a target value or averageValue')]
        : []),
    ];
  }
  if (source === 'external' && external !== undefined) {
    const { value, averageValue } = external.target;
    const errors = [...identifierErrors(external.metric, `${path}.metric`), ...targetErrors(external.target, target)];
    if (value === undefined && averageValue === undefined) {
      errors.push(required(`${target}.averageValue`, 'must set either a target value for metric or a per-pod target'));
    }
    if (value === undefined || averageValue === undefined) return errors;
    return [...errors, forbiddenField(`${target}.value`, 'may not set both a target value for metric and a per-pod target')];
  }
  if (source === 'pods' && pods !== undefined) {
    return [
      ...identifierErrors(pods.metric, `${path}.metric`),
      ...targetErrors(pods.target, target),
      ...(pods.target.averageValue === undefined
        ? [required(`${target}.averageValue`, 'must specify a positive target averageValue')]
        : []),
    ];
  }
  if (source === 'resource' && resource !== undefined) return resourceErrors(resource, path);
  return containerResource === undefined ? [] : containerErrors(containerResource, path);
}

function resourceErrors({ name, target }: ResourceSource, path: string): FieldError[] {
  return [...(name ? [] : [required(`${path}.name`, 'must specify a resource name')]), ...amountErrors(target, `${path}.target`)];
}

function containerErrors({ name, container, target }: ContainerResourceSource, path: string): FieldError[] {
  return [
    ...(name ? validateContainerResourceName(name, `${path}.name`) : [required(`${path}.name`, 'must specify a resource name')]),
    ...(container
      ? dnsLabelErrors(container).map((why) => invalid(`${path}.container`, container, why))
      : [required(`${path}.container`, 'must specify a container')]),
    ...amountErrors(target, `${path}.target`),
  ];
}

function amountErrors(target: MetricTarget, path: string): FieldError[] {
  const errors = targetErrors(target, path);
  const [hasUtilization, hasValue] = [target.averageUtilization !== undefined, target.averageValue !== undefined];
  if (!hasUtilization && !hasValue) {
    errors.push(required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'));
  }
  if (!hasUtilization || !hasValue) return errors;
  return [...errors, forbiddenField(`${path}.averageValue`, 'may not set both a target raw value and a target utilization')];
}

function targetErrors({ type = '', value, averageValue, averageUtilization }: MetricTarget, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric target type'));
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.push(invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const [field, quantity] of Object.entries({ value, averageValue })) {
    if (quantity !== undefined && parseQuantity(quantity) <= 0n) {
      errors.push(invalid(`${path}.${field}`, canonicalQuantity(quantity), 'must be positive'));
    }
  }
  if (averageUtilization === undefined || averageUtilization >= 1) return errors;
  return [...errors, invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0')];
}

function identifierErrors({ name }: MetricIdentifier, path: string): FieldError[] {
  return name
    ? pathSegmentErrors(name).map((why) => invalid(`${path}.name`, name, why))
    : [required(`${path}.name`, 'must specify a metric name')];
}
