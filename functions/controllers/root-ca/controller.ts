/**
 * Publishes the certificate of the cluster's authority in each namespace, where pods find it.
 * Source: pkg/controller/certificates/rootcacertpublisher/publisher.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import { annotationsOf } from '../../kube/object.ts';
import { configMaps, namespaces } from '../../kube/resource-type.ts';
import { isAlreadyExists } from '../../kube/status-error.ts';
import type { Controller, ReconcileContext } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { name, rootCaWatches } from './watches.ts';
import { rootCaRole } from './role.ts';

const annotations = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or ' +
    'kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

export function createRootCaController(certificatePem: string): Controller {
  const data = { 'ca.crt': certificatePem };
  return {
    name: 'root-ca',
    actsAs: userNameOf(rootCaRole),
    component: 'root-ca-cert-publisher',
    watches: rootCaWatches,
    all: (cache) => namesOf(cache.list(namespaces)),
    async reconcile(request, context) {
      const namespace = context.cache.get(namespaces, request);
      if (namespace === undefined || namespace.status?.phase === 'Terminating') return settled;
      const current = context.cache.get(configMaps, { namespace: request.name, name });
      if (current === undefined) await create(request.name, data, context);
      else if (!deepEqual(current.data, data) || !deepEqual({ ...annotationsOf(current), ...annotations }, annotationsOf(current))) {
        const next = copy(current);
        next.metadata.annotations = { ...annotationsOf(current), ...annotations };
        await context.client.update(configMaps, { ...next, data });
      }
      return settled;
    },
  };
}

async function create(namespace: string, data: Record<string, string>, { client }: ReconcileContext): Promise<void> {
  try {
    await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, annotations }, data });
  } catch (error) {
    if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
  }
}
