/** What wakes the controller of ServiceCIDRs. */
import type { Service, ServiceCIDR } from '../../kube/generated/types.ts';
import { isTerminating } from '../../kube/object.ts';
import { serviceCIDRs, services } from '../../kube/resource-type.ts';
import { watch, type Cache, type Watch } from '../../workers/controller.ts';
import { namesOf, watchItself } from '../shared/pod-requests.ts';

const terminating = (cache: Cache): readonly ServiceCIDR[] => cache.list(serviceCIDRs).filter(isTerminating);

export const serviceCidrWatches: readonly Watch[] = [
  watchItself(serviceCIDRs),
  // Another range may cover what a deleted one does not any more.
  watch<ServiceCIDR>(serviceCIDRs, (_change, cache) => namesOf(terminating(cache))),
  watch<Service>(services, ({ type }, cache) => (type === 'deleted' ? namesOf(terminating(cache)) : [])),
];
