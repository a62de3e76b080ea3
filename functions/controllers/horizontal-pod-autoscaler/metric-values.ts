/** Reads metrics from the APIs of resource, custom and external metrics. Source: pkg/controller/podautoscaler/metrics/client.go. */
import type { AutoscalingCrossVersionObjectReference, LabelSelector } from '../../kube/generated/types.ts';
import { selectorText } from '../../kube/labels.ts';
import type { KubeObject } from '../../kube/object.ts';
import { quantityMilli } from '../../kube/quantity.ts';
import { groupResource, resourceType } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { isNotFound, StatusError } from '../../kube/status-error.ts';
import { parseTime } from '../../kube/time.ts';
import { parseDuration } from '../../kube/duration.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import type { PodMetric } from './replica-count.ts';

interface PodUsage extends KubeObject {
  readonly timestamp: string;
  readonly window: string;
  readonly containers?: readonly { readonly name: string; readonly usage: Readonly<Record<string, string>> }[];
}

interface MetricValue {
  readonly describedObject?: { readonly name?: string };
  readonly timestamp: string;
  readonly windowSeconds?: number;
  readonly value: string;
}

const podUsages = resourceType<PodUsage>('metrics.k8s.io/v1beta1', 'pods', 'PodMetrics');
const customVersion = 'custom.metrics.k8s.io/v1beta2';
const externalVersion = 'external.metrics.k8s.io/v1beta1';
const windowMsDefault = 60_000;

type Clients = Pick<ReconcileContext, 'client'>;

/** A group that nothing serves is reported as client-go reports it. */
async function fetched<A>(api: string, missing: string, read: () => Promise<A>): Promise<A> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const why = isNotFound(error) && error.details?.name === undefined ? missing : error.message;
    throw new Error(`unable to fetch metrics from ${api} metrics API: ${why}`, { cause: error });
  }
}

const notServed = (resource: string): string => `the server could not find the requested resource (get ${resource})`;

/** The resource usage of each pod, or of its container with that name. */
export async function resourceMetrics(
  resource: string,
  where: { readonly namespace: string; readonly selector: string; readonly container: string },
  { client }: Clients,
): Promise<Map<string, PodMetric>> {
  const { namespace, selector: labelSelector, container } = where;
  const missing = notServed(groupResource(podUsages));
  const { items } = await fetched('resource', missing, () => client.list(podUsages, { namespace, labelSelector }));
  if (items.length === 0) throw new Error('no metrics returned from resource metrics API');
  const metrics = new Map<string, PodMetric>();
  for (const { metadata, timestamp, window, containers = [] } of items) {
    const counted = container === '' ? containers : containers.filter(({ name }) => name === container);
    const quantities = counted.map(({ usage }) => usage[resource]);
    if (quantities.length === 0 || quantities.includes(undefined)) continue;
    const milli = quantities.reduce((sum, quantity) => sum + quantityMilli(quantity ?? '0'), 0);
    metrics.set(metadata.name ?? '', { milli, atMs: parseTime(timestamp), windowMs: parseDuration(window) });
  }
  return metrics;
}

export interface MetricName {
  readonly name: string;
  readonly selector?: LabelSelector;
}

const queryOf = ({ selector }: MetricName, more: Record<string, string> = {}): Record<string, string> => ({
  ...more,
  ...(selector !== undefined && { metricLabelSelector: selectorText(selector) }),
});

const customMissing = 'no known available metric versions found';

export async function podsMetrics(
  metric: MetricName,
  { namespace, selector }: { readonly namespace: string; readonly selector: string },
  { client }: Clients,
): Promise<Map<string, PodMetric>> {
  const type = resourceType(customVersion, 'pods', 'MetricValueList');
  const query = queryOf(metric, { labelSelector: selector });
  const { items } = await fetched('custom', customMissing, () =>
    client.getSubresource<{ readonly items: readonly MetricValue[] }>(type, { namespace, name: '*' }, metric.name, query),
  );
  if (items.length === 0) throw new Error('no metrics returned from custom metrics API');
  return new Map(
    items.map(({ describedObject, timestamp, windowSeconds, value }) => [
      describedObject?.name ?? '',
      {
        milli: quantityMilli(value),
        atMs: parseTime(timestamp),
        windowMs: windowSeconds === undefined ? windowMsDefault : windowSeconds * 1000,
      },
    ]),
  );
}

/** In thousandths. `type`: the resource of the described object. */
export async function objectMetric(
  metric: MetricName,
  {
    type,
    object,
    namespace,
  }: { readonly type: ResourceType; readonly object: AutoscalingCrossVersionObjectReference; readonly namespace: string },
  { client }: Clients,
): Promise<number> {
  const isNamespace = object.kind === 'Namespace' && type.group === '';
  const described = resourceType(customVersion, isNamespace ? 'metrics' : groupResource(type), 'MetricValueList');
  // An autoscaler reads metrics of its own namespace only, whatever name it gives.
  const [name, subresource] = isNamespace ? [metric.name, ''] : [object.name, metric.name];
  const { items } = await fetched('custom', customMissing, () =>
    client.getSubresource<{ readonly items: readonly MetricValue[] }>(described, { namespace, name }, subresource, queryOf(metric)),
  );
  const [first] = items;
  if (first === undefined) throw new Error('unable to fetch metrics from custom metrics API: no metrics returned');
  return quantityMilli(first.value);
}

/** An external metric in thousandths, the sum of all values. */
export async function externalMetric(metric: MetricName, namespace: string, { client }: Clients): Promise<number> {
  const type = resourceType<KubeObject & { readonly value: string }>(externalVersion, metric.name, 'ExternalMetricValue');
  const labelSelector = metric.selector === undefined ? '' : selectorText(metric.selector);
  const { items } = await fetched('external', notServed(`${metric.name}.external.metrics.k8s.io`), () =>
    client.list(type, { namespace, labelSelector }),
  );
  if (items.length === 0) throw new Error('no metrics returned from external metrics API');
  return items.reduce((sum, { value }) => sum + quantityMilli(value), 0);
}
