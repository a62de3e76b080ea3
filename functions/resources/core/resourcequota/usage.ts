/**
 * What one object takes of a quota, in billionths of a unit, by the name in the quota.
 * Source: pkg/quota/v1/evaluator/core/{pods,services,persistent_volume_claims}.go; apiserver, pkg/quota/v1/generic/evaluator.go.
 */
import type { PersistentVolumeClaim, Pod, Service } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { parseQuantity } from '../../../kube/quantity.ts';
import { isExtendedResource } from '../../quantity-rules.ts';
import { classOf } from '../persistentvolumeclaim/table.ts';
import { podAmounts } from '../pod/amounts.ts';

export type Usage = ReadonlyMap<string, bigint>;

const one = 1_000_000_000n;

/** Counted under their own name, as of old. */
const plainCounts: ReadonlySet<string> = new Set(['configmaps', 'secrets', 'replicationcontrollers', 'resourcequotas']);
const ofPods = ['pods', 'cpu', 'memory', 'ephemeral-storage'];
const classSuffix = '.storageclass.storage.k8s.io/';

/** `resource` is a GroupResource. */
export function usageOf(resource: string, object: KubeObject): Usage {
  const usage = new Map([[`count/${resource}`, one]]);
  if (plainCounts.has(resource)) usage.set(resource, one);
  if (resource === 'pods') addPod(usage, object as Pod);
  if (resource === 'services') addService(usage, object as Service);
  if (resource === 'persistentvolumeclaims') addClaim(usage, object as PersistentVolumeClaim);
  return usage;
}

function addPod(usage: Map<string, bigint>, pod: Pod): void {
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return;
  usage.set('pods', one);
  const { requests, limits } = podAmounts(pod);
  for (const [name, quantity] of Object.entries(requests)) {
    const amount = parseQuantity(quantity);
    if (ofPods.includes(name) || name.startsWith('hugepages-')) usage.set(name, amount);
    if (ofPods.includes(name) || name.startsWith('hugepages-') || isExtendedResource(name)) usage.set(`requests.${name}`, amount);
  }
  for (const [name, quantity] of Object.entries(limits)) {
    if (ofPods.includes(name)) usage.set(`limits.${name}`, parseQuantity(quantity));
  }
}

function addService(usage: Map<string, bigint>, { spec }: Service): void {
  const { type, ports = [], allocateLoadBalancerNodePorts } = spec ?? {};
  usage.set('services', one);
  const isBalanced = type === 'LoadBalancer';
  const hasAll = type === 'NodePort' || (isBalanced && allocateLoadBalancerNodePorts !== false);
  const count = hasAll ? ports.length : isBalanced ? ports.filter(({ nodePort }) => nodePort).length : 0;
  usage.set('services.nodeports', BigInt(count) * one);
  usage.set('services.loadbalancers', isBalanced ? one : 0n);
}

function addClaim(usage: Map<string, bigint>, claim: PersistentVolumeClaim): void {
  const amounts = { persistentvolumeclaims: one, 'requests.storage': parseQuantity(claim.spec.resources?.requests?.['storage'] ?? '0') };
  const storageClass = classOf(claim);
  for (const [name, amount] of Object.entries(amounts)) {
    usage.set(name, amount);
    if (storageClass !== '') usage.set(`${storageClass}${classSuffix}${name}`, amount);
  }
}

/** The resource whose objects count under the name. */
export function countedResource(name: string): string {
  if (name.startsWith('count/')) return name.slice('count/'.length);
  if (name === 'services' || name.startsWith('services.')) return 'services';
  if (name === 'persistentvolumeclaims' || name === 'requests.storage' || name.includes(classSuffix)) return 'persistentvolumeclaims';
  return plainCounts.has(name) ? name : 'pods';
}
