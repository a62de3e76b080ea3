/** How the node treats a pod when memory runs short. Source: component-helpers, pkg/apis/core/v1/helper/qos/qos.go. */
import type { Container, Pod, PodSpec } from './generated/types.ts';
import { containersOf } from './pod-defaults.ts';
import { parseQuantity } from './quantity.ts';

export const isPodLevelResource = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/** Source: component-helpers, resource/helpers.go, IsPodLevelResourcesSet. */
const hasPodLevelResources = ({ resources }: PodSpec): boolean =>
  [resources?.requests, resources?.limits].some((amounts) => Object.keys(amounts ?? {}).some(isPodLevelResource));

const computeResources = ['cpu', 'memory'] as const;

export function qosClassOf(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = hasPodLevelResources(pod.spec) ? [pod.spec] : containersOf(pod.spec);
  if (!containers.some(asksForCompute)) return 'BestEffort';
  return containers.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

const amount = (quantity: string | undefined): bigint => (quantity === undefined ? 0n : parseQuantity(quantity));

const asksForCompute = ({ resources }: Pick<Container, 'resources'>): boolean =>
  computeResources.some((name) => amount(resources?.requests?.[name]) > 0n || amount(resources?.limits?.[name]) > 0n);

function isGuaranteed({ resources }: Pick<Container, 'resources'>): boolean {
  return computeResources.every((name) => {
    const limit = amount(resources?.limits?.[name]);
    const request = resources?.requests?.[name];
    return limit > 0n && (request === undefined || amount(request) === limit);
  });
}
