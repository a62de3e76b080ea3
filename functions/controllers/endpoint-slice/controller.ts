/** Keeps the EndpointSlices of Services that select pods. */
import { userNameOf } from '../../kube/controller-role.ts';
import type { EndpointSlice, Service } from '../../kube/generated/types.ts';
import { isTerminating, labelsOf, uidOf } from '../../kube/object.ts';
import { endpointSlices, nodes, services } from '../../kube/resource-type.ts';
import type { Cache, Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { podsOfService, selectsPods } from '../shared/service-pods.ts';
import { managedBy, managedByLabel, planSlices } from './slices.ts';
import { endpointSliceWatches } from './watches.ts';
import { endpointSliceRole } from './role.ts';

export const endpointSliceController: Controller = {
  name: 'endpoint-slice',
  actsAs: userNameOf(endpointSliceRole),
  component: 'endpoint-slice-controller',
  watches: endpointSliceWatches,
  all: (cache) => namesOf(cache.list(services)),
  async reconcile(request, context) {
    const { cache } = context;
    const service = cache.get(services, request);
    // Slices of a deleted Service go by their owner reference.
    if (service === undefined || isTerminating(service) || !selectsPods(service)) return settled;
    const plan = planSlices(service, {
      pods: podsOfService(service, cache),
      slices: slicesOf(service, cache),
      nodeNamed: (name) => cache.get(nodes, { namespace: '', name }),
    });
    for (const slice of plan.create) await createSlice(slice, context);
    for (const slice of plan.update) await context.client.update(endpointSlices, slice);
    for (const slice of plan.remove) await remove(endpointSlices, slice, context);
    return settled;
  },
};

function slicesOf(service: Service, cache: Cache): readonly EndpointSlice[] {
  return cache
    .controlledBy(endpointSlices, uidOf(service))
    .filter((slice) => labelsOf(slice)[managedByLabel] === managedBy && !isTerminating(slice));
}

async function createSlice(slice: EndpointSlice, { client }: ReconcileContext): Promise<void> {
  try {
    await client.create(endpointSlices, slice);
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}
