/** What wakes the controller of EndpointSlices. */
import type { EndpointSlice } from '../../kube/generated/types.ts';
import { labelsOf, namespaceOf } from '../../kube/object.ts';
import { endpointSlices, services } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { watchItself } from '../shared/pod-requests.ts';
import { watchPodsOfServices } from '../shared/service-pods.ts';
import { managedBy, managedByLabel, serviceNameLabel } from './slices.ts';

export const endpointSliceWatches: readonly Watch[] = [
  watchItself(services),
  watchPodsOfServices,
  watch<EndpointSlice>(endpointSlices, ({ object }) => {
    const service = labelsOf(object)[serviceNameLabel];
    const isOurs = labelsOf(object)[managedByLabel] === managedBy && service !== undefined;
    return isOurs ? [{ namespace: namespaceOf(object), name: service }] : [];
  }),
];
