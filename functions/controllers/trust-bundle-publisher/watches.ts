/** What wakes the publisher of the bundle by which pods trust the API. */
import type { ClusterTrustBundle } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { clusterTrustBundles } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { servingSigner } from './role.ts';

/** All bundles of the signer, reconciled together. */
export const servingBundles: ObjectName = { namespace: '', name: servingSigner };

export const trustBundleWatches: readonly Watch[] = [
  watch<ClusterTrustBundle>(clusterTrustBundles, ({ object }) => (object.spec.signerName === servingSigner ? [servingBundles] : [])),
];
