/**
 * The number of replicas that each metric of an autoscaler asks for, and the metric's entry in the status.
 * Source: pkg/controller/podautoscaler/horizontal.go, computeReplicasForMetric and the functions that it calls.
 */
import type {
  AutoscalingHorizontalPodAutoscaler as Autoscaler,
  AutoscalingMetricSpec as MetricSpec,
  AutoscalingMetricStatus as MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../kube/generated/types.ts';
import { namespaceOf } from '../../kube/object.ts';
import { formatQuantity, quantityMilli } from '../../kube/quantity.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { goSelectorText } from '../../kube/go-selector-text.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import { resourceOfKind } from '../shared/scale.ts';
import { externalMetric, objectMetric, podsMetrics, resourceMetrics } from './metric-values.ts';
import type { MetricName } from './metric-values.ts';
import type { Count, Situation, Usage } from './replica-count.ts';
import {
  averageValueTarget,
  podMetricReplicas,
  requestsOf,
  sharedValueReplicas,
  totalValueReplicas,
  utilizationTarget,
} from './replica-count.ts';

const nanoPerMilli = 1_000_000n;

export interface Proposal {
  readonly replicas: number;
  /** In the words of the event of a rescale. */
  readonly name: string;
  readonly status: MetricStatus;
}

/** Why a metric asks for nothing. */
export class MetricFailure extends Error {
  readonly reason: string;
  /** The condition's message, which leaves out which metric failed. */
  readonly why: string;

  constructor(reason: string, why: string, prefix: string) {
    super(`${prefix}: ${why}`);
    this.reason = reason;
    this.why = why;
  }
}

export interface Measuring extends Situation {
  readonly autoscaler: Autoscaler;
  readonly selector: string;
  readonly statusReplicas: number;
  readonly context: ReconcileContext;
  readonly resourceTypes: ResourceTypes;
}

/** Throws a MetricFailure. */
export async function proposalOf(spec: MetricSpec, measuring: Measuring): Promise<Proposal> {
  const { type, resource, containerResource, pods, object, external } = spec;
  if (type === 'Resource' && resource !== undefined) {
    return failingAs('FailedGetResourceMetric', `failed to get ${resource.name} resource metric value`, async () => {
      const { count, name } = await resourceCount({ ...resource, container: '' }, measuring);
      return { ...count, name, status: { type, resource: { name: resource.name, current: currentOf(count.usage, resource) } } };
    });
  }
  if (type === 'ContainerResource' && containerResource !== undefined) {
    const { container } = containerResource;
    return failingAs('FailedGetContainerResourceMetric', `failed to get ${container} container metric value`, async () => {
      const { count, name } = await resourceCount(containerResource, measuring);
      const status = { name: containerResource.name, container, current: currentOf(count.usage, containerResource) };
      return { ...count, name, status: { type, containerResource: status } };
    });
  }
  if (type === 'Pods' && pods !== undefined) return podsProposal(pods, measuring);
  if (type === 'Object' && object !== undefined) return objectProposal(object, measuring);
  if (type === 'External' && external !== undefined) return externalProposal(external, measuring);
  throw new MetricFailure('InvalidMetricSourceType', `unknown metric source type ${JSON.stringify(type)}`, 'invalid metric');
}

async function failingAs(reason: string, prefix: string, propose: () => Promise<Proposal>): Promise<Proposal> {
  try {
    return await propose();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new MetricFailure(reason, error.message, prefix);
  }
}

async function prefixed<A>(prefix: string, act: () => Promise<A> | A): Promise<A> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`${prefix}: ${error.message}`, { cause: error });
  }
}

interface ResourceSource {
  readonly name: string;
  readonly container: string;
  readonly target: MetricTarget;
}

async function resourceCount(source: ResourceSource, measuring: Measuring): Promise<{ readonly count: Count; readonly name: string }> {
  const { name, container, target } = source;
  const { autoscaler, selector, context, pods } = measuring;
  const what = target.averageValue === undefined ? 'utilization' : 'usage';
  const count = await prefixed(`failed to get ${name} ${what}`, async () => {
    const metrics = await prefixed(`unable to get metrics for resource ${name}`, () =>
      resourceMetrics(name, { namespace: namespaceOf(autoscaler), selector, container }, context),
    );
    const isCpu = name === 'cpu';
    const wanted =
      target.averageValue === undefined
        ? utilizationTarget(target.averageUtilization ?? 0, requestsOf(pods, name, container), isCpu)
        : averageValueTarget(quantityMilli(target.averageValue), isCpu);
    return podMetricReplicas(metrics, wanted, measuring);
  });
  if (target.averageValue !== undefined) return { count, name: `${name} resource` };
  return { count, name: `${name}${container === '' ? '' : ' container'} resource utilization (percentage of request)` };
}

const decimal = (milli: number): string => formatQuantity(BigInt(Math.ceil(milli)) * nanoPerMilli, 'DecimalSI');

/** Memory is counted in bytes, as metrics-server does. */
function currentOf({ milli, percent }: Usage, { name }: { readonly name: string }): MetricValueStatus {
  const averageValue = formatQuantity(BigInt(milli) * nanoPerMilli, name === 'memory' ? 'BinarySI' : 'DecimalSI');
  return { ...(percent !== undefined && { averageUtilization: percent }), averageValue };
}

function podsProposal(source: NonNullable<MetricSpec['pods']>, measuring: Measuring): Promise<Proposal> {
  const { metric, target } = source;
  const { autoscaler, selector, context } = measuring;
  return failingAs('FailedGetPodsMetric', 'failed to get pods metric value', async () => {
    const metrics = await prefixed(`unable to get metric ${metric.name}`, () =>
      podsMetrics(metric, { namespace: namespaceOf(autoscaler), selector }, context),
    );
    const count = podMetricReplicas(metrics, averageValueTarget(quantityMilli(target.averageValue ?? '0'), false), measuring);
    const status = { type: 'Pods', pods: { metric, current: { averageValue: decimal(count.usage.milli) } } };
    return { replicas: count.replicas, name: `pods metric ${metric.name}`, status };
  });
}

/** A value of the whole, or each pod's share of it. */
function valueCount(
  milli: number,
  target: MetricTarget,
  measuring: Measuring,
): { readonly count: Count; readonly current: MetricValueStatus } {
  if (target.averageValue !== undefined) {
    const count = sharedValueReplicas(milli, quantityMilli(target.averageValue), measuring.statusReplicas, measuring.tolerance);
    return { count, current: { averageValue: decimal(count.usage.milli) } };
  }
  const count = totalValueReplicas(milli, quantityMilli(target.value ?? '0'), measuring);
  return { count, current: { value: decimal(count.usage.milli) } };
}

const externalName = ({ name, selector }: MetricName): string => `external metric ${name}(${goSelectorText(selector)})`;

function objectProposal(source: NonNullable<MetricSpec['object']>, measuring: Measuring): Promise<Proposal> {
  const { metric, target, describedObject } = source;
  const { autoscaler, context, resourceTypes } = measuring;
  const namespace = namespaceOf(autoscaler);
  const place = `${describedObject.kind} ${namespace}/${describedObject.name}`;
  return failingAs('FailedGetObjectMetric', 'failed to get object metric value', async () => {
    const read = (): Promise<number> =>
      prefixed(`unable to get metric ${metric.name} on ${place}`, async () => {
        const type = resourceOfKind(describedObject, resourceTypes);
        return objectMetric(metric, { type, object: describedObject, namespace }, context);
      });
    const isShared = target.averageValue !== undefined;
    const milli = isShared ? await prefixed(`failed to get ${metric.name} object metric`, read) : await read();
    const { count, current } = valueCount(milli, target, measuring);
    const name = isShared ? externalName(metric) : `${describedObject.kind} metric ${metric.name}`;
    return { replicas: count.replicas, name, status: { type: 'Object', object: { describedObject, metric, current } } };
  });
}

function externalProposal(source: NonNullable<MetricSpec['external']>, measuring: Measuring): Promise<Proposal> {
  const { metric, target } = source;
  const namespace = namespaceOf(measuring.autoscaler);
  const what = target.averageValue === undefined ? `external metric ${metric.name}` : `${metric.name} external metric`;
  return failingAs('FailedGetExternalMetric', `failed to get ${metric.name} external metric value`, async () => {
    const milli = await prefixed(`failed to get ${what}`, () =>
      prefixed(`unable to get external metric ${namespace}/${metric.name}/${goSelectorText(metric.selector)}`, () =>
        externalMetric(metric, namespace, measuring.context),
      ),
    );
    const { count, current } = valueCount(milli, target, measuring);
    return { replicas: count.replicas, name: externalName(metric), status: { type: 'External', external: { metric, current } } };
  });
}
