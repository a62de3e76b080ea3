/** Keeps the Endpoints object of each Service that selects pods: the older form of EndpointSlices. */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Endpoints, Service } from '../../kube/generated/types.ts';
import { annotationsOf, isTerminating, labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { endpoints, services } from '../../kube/resource-type.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { isHeadless, labelsWith, podsOfService, selectsPods } from '../shared/service-pods.ts';
import { triggerTime, withTriggerTime } from '../shared/trigger-time.ts';
import { subsetsOf } from './subsets.ts';
import { endpointsWatches } from './watches.ts';
import { endpointsRole } from './role.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const managedBy = 'endpoint-controller';

export const endpointsController: Controller = {
  name: 'endpoints',
  actsAs: userNameOf(endpointsRole),
  component: 'endpoint-controller',
  watches: endpointsWatches,
  all: (cache) => [...namesOf(cache.list(services)), ...namesOf(cache.list(endpoints))],
  async reconcile(request, context) {
    const service = context.cache.get(services, request);
    const current = context.cache.get(endpoints, request);
    if (service === undefined) {
      // Endpoints carry no owner reference; only those that this controller made go with their Service.
      if (current !== undefined && labelsOf(current)[managedByLabel] === managedBy) await remove(endpoints, current, context);
      return settled;
    }
    if (selectsPods(service) && !isTerminating(service)) await writeEndpoints(service, current, context);
    return settled;
  },
};

async function writeEndpoints(service: Service, current: Endpoints | undefined, context: ReconcileContext): Promise<void> {
  const pods = podsOfService(service, context.cache);
  const subsets = subsetsOf(service, pods);
  const annotations = withTriggerTime(current === undefined ? {} : annotationsOf(current), triggerTime(service, pods, current));
  const labels = labelsWith(service, { [managedByLabel]: managedBy }, isHeadless(service));
  if (current !== undefined) {
    if (deepEqual(current.subsets ?? [], subsets) && deepEqual(labelsOf(current), labels)) return;
    const next = copy(current);
    await context.client.update(endpoints, { ...next, metadata: { ...next.metadata, labels, annotations }, subsets });
    return;
  }
  const metadata = { namespace: namespaceOf(service), name: nameOf(service), labels, annotations };
  try {
    await context.client.create(endpoints, { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets });
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}
