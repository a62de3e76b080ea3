/** What wakes the mirroring of Endpoints. */
import type { EndpointSlice } from '../../kube/generated/types.ts';
import { labelsOf, namespaceOf } from '../../kube/object.ts';
import { endpoints, endpointSlices, services } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { managedByLabel, serviceNameLabel } from '../endpoint-slice/slices.ts';
import { watchItself } from '../shared/pod-requests.ts';
import { managedBy } from './mirrored-slices.ts';

export const endpointSliceMirroringWatches: readonly Watch[] = [
  watchItself(services),
  watchItself(endpoints),
  watch<EndpointSlice>(endpointSlices, ({ object }) => {
    const name = labelsOf(object)[serviceNameLabel];
    const isOurs = labelsOf(object)[managedByLabel] === managedBy && name !== undefined;
    return isOurs ? [{ namespace: namespaceOf(object), name }] : [];
  }),
];
