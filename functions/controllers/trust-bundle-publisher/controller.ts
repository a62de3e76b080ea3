/**
 * Publishes the certificate of the cluster's authority as a ClusterTrustBundle, and removes those of earlier authorities.
 * Source: pkg/controller/certificates/clustertrustbundlepublisher/publisher.go.
 */
import { createHash } from 'node:crypto';
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { nameOf } from '../../kube/object.ts';
import { clusterTrustBundles } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import { type Controller, type ReconcileContext, settled } from '../../workers/controller.ts';
import { servingSigner, trustBundlePublisherRole } from './role.ts';
import { servingBundles, trustBundleWatches } from './watches.ts';

const hashDigits = 24;

/** The name contains a hash: another content is another bundle, so that pods see one or the other. */
const bundleName = (trustBundle: string): string =>
  `${servingSigner.replace('/', ':')}:${createHash('sha256').update(trustBundle).digest('hex').slice(0, hashDigits)}`;

export function createTrustBundlePublisher(trustBundle: string): Controller {
  const name = bundleName(trustBundle);
  return {
    name: 'trust-bundle-publisher',
    actsAs: userNameOf(trustBundlePublisherRole),
    component: 'kube-apiserver-serving-clustertrustbundle-publisher-controller',
    watches: trustBundleWatches,
    all: () => [servingBundles],
    async reconcile(_request, context) {
      await publish({ name, trustBundle }, context);
      const others = context.cache
        .list(clusterTrustBundles)
        .filter((bundle) => bundle.spec.signerName === servingSigner && nameOf(bundle) !== name);
      for (const bundle of others) await remove(nameOf(bundle), context);
      return settled;
    },
  };
}

async function publish({ name, trustBundle }: { name: string; trustBundle: string }, { cache, client }: ReconcileContext): Promise<void> {
  const current = cache.get(clusterTrustBundles, { namespace: '', name });
  if (current === undefined)
    await client.create(clusterTrustBundles, { metadata: { name }, spec: { signerName: servingSigner, trustBundle } });
  else if (current.spec.trustBundle !== trustBundle)
    await client.update(clusterTrustBundles, { ...copy(current), spec: { ...current.spec, trustBundle } });
}

async function remove(name: string, { client }: ReconcileContext): Promise<void> {
  try {
    await client.delete(clusterTrustBundles, { namespace: '', name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
