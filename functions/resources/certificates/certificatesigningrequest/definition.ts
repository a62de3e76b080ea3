import type { CertificateSigningRequest } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { certificateSigningRequests } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, none, textColumn } from '../../columns.ts';
import { definition, splitSubresource } from '../../definition.ts';
import { conditionText, durationText } from './table.ts';

const approval = splitSubresource<CertificateSigningRequest>(
  { kind: 'object', name: 'approval', verbs: ['get', 'patch', 'update'], keepsGeneration: true },
  async () => (await import('./approval.ts')).writeApproval,
);

export const certificateSigningRequestDefinition = definition<CertificateSigningRequest>({
  type: certificateSigningRequests,
  schema: builtIn('io.k8s.api.certificates.v1.CertificateSigningRequest'),
  singular: 'certificatesigningrequest',
  rechecksName: false,
  shortNames: ['csr'],
  hasStatus: true,
  columns: [
    nameColumn,
    ageColumn,
    textColumn('SignerName', 'Who signs.', ({ spec }) => spec?.signerName || none),
    textColumn('Requestor', 'Who asked.', ({ spec }) => spec?.username ?? ''),
    textColumn('RequestedDuration', 'How long the certificate shall be valid.', durationText),
    textColumn('Condition', 'What became of it.', conditionText),
  ],
  selectableFields: ['spec.signerName'],
  fields: ({ spec }) => ({ 'spec.signerName': spec?.signerName ?? '' }),
  validateName: pathSegmentErrors,
  subresources: [approval],
  resetFields: { main: ['spec', 'status'], status: ['spec', 'status.conditions'], others: { approval: ['spec', 'status.certificate'] } },
  rules: () => import('./rules.ts'),
});
