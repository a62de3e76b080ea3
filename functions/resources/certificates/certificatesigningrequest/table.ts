/** Cells of `kubectl get csr`. Source: pkg/printers/internalversion/printers.go, extractCSRStatus. */
import { humanDuration } from '../../../kube/duration.ts';
import type { CertificateSigningRequest } from '../../../kube/generated/types.ts';
import { none } from '../../columns.ts';

export const durationText = ({ spec }: CertificateSigningRequest): string =>
  spec?.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000);

export function conditionText({ status }: CertificateSigningRequest): string {
  const types = new Set((status?.conditions ?? []).map(({ type }) => type));
  const answer = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending';
  return `${answer}${types.has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`;
}
