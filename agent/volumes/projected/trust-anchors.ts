/** The certificates of ClusterTrustBundles, each once. Source: pkg/kubelet/clustertrustbundle/clustertrustbundle_manager.go */
import type { ClusterTrustBundle, ClusterTrustBundleProjection } from '../../../functions/kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../../functions/kube/labels.ts';
import { labelsOf, nameOf } from '../../../functions/kube/object.ts';

const certificates = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** In one form and one order, so that files change only when certificates do. */
function normalized(bundles: readonly ClusterTrustBundle[]): string {
  const found = bundles.flatMap(({ spec }) => spec.trustBundle.match(certificates) ?? []).map((pem) => pem.replaceAll(/\r/g, ''));
  return [...new Set(found)]
    .sort()
    .map((pem) => `${pem}\n`)
    .join('');
}

/** PEM. Throws Error in upstream's words where there is no bundle, unless the projection is optional. */
export function trustAnchors(projection: ClusterTrustBundleProjection, bundles: readonly ClusterTrustBundle[]): string {
  const { name, signerName, labelSelector, optional = false } = projection;
  if (name !== undefined) {
    const bundle = bundles.find((one) => nameOf(one) === name);
    if (bundle === undefined && !optional)
      throw new Error(`while getting ClusterTrustBundle: clustertrustbundle.certificates.k8s.io "${name}" not found`);
    return normalized(bundle === undefined ? [] : [bundle]);
  }
  if (signerName === undefined) throw new Error('ClusterTrustBundle projection requires either name or signerName to be set');
  const selector = requirementsOf(labelSelector);
  const meant = bundles.filter((bundle) => bundle.spec.signerName === signerName && matchesLabels(selector, labelsOf(bundle)));
  if (meant.length === 0 && !optional) throw new Error('combination of signerName and labelSelector matched zero ClusterTrustBundles');
  return normalized(meant);
}
