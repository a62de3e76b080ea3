/** Mirrors Endpoints that a user wrote by hand, for a Service without a selector, into EndpointSlices. */
import { userNameOf } from '../../kube/controller-role.ts';
import type { EndpointSlice, Endpoints } from '../../kube/generated/types.ts';
import { isTerminating, labelsOf, uidOf } from '../../kube/object.ts';
import { endpoints, endpointSlices, services } from '../../kube/resource-type.ts';
import type { Cache, Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { managedByLabel } from '../endpoint-slice/slices.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { selectsPods } from '../shared/service-pods.ts';
import { addressesPerSubsetMax, isMirrored, managedBy, planMirror, type MirrorPlan } from './mirrored-slices.ts';
import { endpointSliceMirroringWatches } from './watches.ts';
import { endpointSliceMirroringRole } from './role.ts';

export const endpointSliceMirroringController: Controller = {
  name: 'endpoint-slice-mirroring',
  actsAs: userNameOf(endpointSliceMirroringRole),
  component: 'endpoint-slice-mirroring-controller',
  watches: endpointSliceMirroringWatches,
  all: (cache) => namesOf(cache.list(endpoints)),
  async reconcile(request, context) {
    const { cache, client, events } = context;
    const source = cache.get(endpoints, request);
    // Slices of deleted Endpoints go by their owner reference.
    if (source === undefined || isTerminating(source)) return settled;
    const service = cache.get(services, request);
    const isWanted = service !== undefined && !isTerminating(service) && !selectsPods(service) && isMirrored(source);
    const plan = isWanted ? planMirror(source, slicesOf(source, cache)) : removing(slicesOf(source, cache));
    for (const slice of plan.create) {
      await client.create(endpointSlices, slice).catch((error: unknown) => {
        if (!isNamespaceTerminating(error)) throw error;
      });
    }
    for (const slice of plan.update) await client.update(endpointSlices, slice);
    for (const slice of plan.remove) await remove(endpointSlices, slice, context);
    if (plan.skipped > 0) events.event(source, 'Warning', 'TooManyAddressesToMirror', tooMany(plan.skipped));
    return settled;
  },
};

const tooMany = (skipped: number): string =>
  `A max of ${addressesPerSubsetMax} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;

const removing = (slices: readonly EndpointSlice[]): MirrorPlan => ({ create: [], update: [], remove: slices, skipped: 0 });

const slicesOf = (source: Endpoints, cache: Cache): readonly EndpointSlice[] =>
  cache
    .controlledBy(endpointSlices, uidOf(source))
    .filter((slice) => labelsOf(slice)[managedByLabel] === managedBy && !isTerminating(slice));
