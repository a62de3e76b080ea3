import type { PodCertificateRequest } from '../../../kube/generated/types.ts';
import { podCertificateRequests } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { labelsText, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

const answers: readonly string[] = ['Issued', 'Denied', 'Failed'];

const stateText = ({ status }: PodCertificateRequest): string =>
  (status?.conditions ?? []).findLast(({ type }) => answers.includes(type))?.type ?? 'Pending';

export const podCertificateRequestDefinition = definition<PodCertificateRequest>({
  type: podCertificateRequests,
  schema: builtIn('io.k8s.api.certificates.v1.PodCertificateRequest'),
  singular: 'podcertificaterequest',
  rechecksName: false,
  hasController: false,
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    textColumn('PodName', 'The pod that the certificate is for.', ({ spec }) => spec?.podName ?? ''),
    textColumn('ServiceAccountName', 'The account of the pod.', ({ spec }) => spec?.serviceAccountName ?? ''),
    textColumn('NodeName', 'The node of the pod.', ({ spec }) => spec?.nodeName ?? ''),
    textColumn('SignerName', 'Who signs.', ({ spec }) => spec?.signerName ?? ''),
    textColumn('State', 'Whether it was answered.', stateText),
    textColumn('UnverifiedUserAnnotations', 'What the pod asks the signer for besides.', ({ spec }) =>
      labelsText(spec?.unverifiedUserAnnotations),
    ),
  ],
  selectableFields: ['spec.signerName', 'spec.podName', 'spec.nodeName'],
  fields: ({ spec }) => ({
    'spec.signerName': spec?.signerName ?? '',
    'spec.podName': spec?.podName ?? '',
    'spec.nodeName': spec?.nodeName ?? '',
  }),
  rules: () => import('./rules.ts'),
});
