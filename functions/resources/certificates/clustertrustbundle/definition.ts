import type { ClusterTrustBundle } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { clusterTrustBundles } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { nameColumn, none, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const clusterTrustBundleDefinition = definition<ClusterTrustBundle>({
  type: clusterTrustBundles,
  schema: builtIn('io.k8s.api.certificates.v1.ClusterTrustBundle'),
  singular: 'clustertrustbundle',
  allowsUnconditionalUpdate: false,
  columns: [nameColumn, textColumn('SignerName', 'The signer whose certificates it vouches for.', ({ spec }) => spec?.signerName || none)],
  selectableFields: ['spec.signerName'],
  fields: ({ spec }) => ({ 'spec.signerName': spec?.signerName ?? '' }),
  validateName: pathSegmentErrors,
  rules: () => import('./rules.ts'),
});
