/** What wakes the controller of Endpoints. */
import { endpoints, services } from '../../kube/resource-type.ts';
import type { Watch } from '../../workers/controller.ts';
import { watchItself } from '../shared/pod-requests.ts';
import { watchPodsOfServices } from '../shared/service-pods.ts';

export const endpointsWatches: readonly Watch[] = [watchItself(services), watchItself(endpoints), watchPodsOfServices];
