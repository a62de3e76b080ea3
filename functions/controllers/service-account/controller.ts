/** Makes the `default` ServiceAccount in each namespace. Source: pkg/controller/serviceaccount/serviceaccounts_controller.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import { namespaces, serviceAccounts } from '../../kube/resource-type.ts';
import { isAlreadyExists } from '../../kube/status-error.ts';
import type { Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { name, serviceAccountWatches } from './watches.ts';
import { serviceAccountRole } from './role.ts';

export const serviceAccountController: Controller = {
  name: 'service-account',
  actsAs: userNameOf(serviceAccountRole),
  watches: serviceAccountWatches,
  all: (cache) => namesOf(cache.list(namespaces)),
  async reconcile(request, { cache, client }) {
    const namespace = cache.get(namespaces, request);
    if (namespace === undefined || namespace.status?.phase === 'Terminating') return settled;
    if (cache.get(serviceAccounts, { namespace: request.name, name }) !== undefined) return settled;
    try {
      await client.create(serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { namespace: request.name, name },
      });
    } catch (error) {
      if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
    }
    return settled;
  },
};
