import type { ClusterTrustBundle } from '../../../kube/generated/types.ts';
import { clusterTrustBundles } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { nameColumn, none, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { bundleNameErrors } from './name.ts';

export const clusterTrustBundleDefinition = definition<ClusterTrustBundle>({
  type: clusterTrustBundles,
  schema: builtIn('io.k8s.api.certificates.v1.ClusterTrustBundle'),
  singular: 'clustertrustbundle',
  allowsUnconditionalUpdate: false,
  columns: [nameColumn, textColumn('SignerName', 'The signer whose certificates it vouches for.', ({ spec }) => spec?.signerName || none)],
  selectableFields: ['spec.signerName'],
  fields: ({ spec }) => ({ 'spec.signerName': spec?.signerName ?? '' }),
  validateName: (name, bundle) => bundleNameErrors(name, bundle?.spec?.signerName ?? ''),
  rules: () => import('./rules.ts'),
});
