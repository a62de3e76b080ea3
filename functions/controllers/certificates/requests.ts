/** What the controllers of certificates ask of a CertificateSigningRequest. */
import { parseCertificateRequest } from '../../kube/certificate-request.ts';
import type { CertificateRequest } from '../../kube/certificate-request.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../kube/generated/types.ts';

export const conditionIn = ({ status }: CertificateSigningRequest, type: string): CertificateSigningRequestCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const isIssued = ({ status }: CertificateSigningRequest): boolean => (status?.certificate ?? '') !== '';

export const pemOf = ({ spec }: CertificateSigningRequest): string => Buffer.from(spec.request, 'base64').toString();

export const parsedRequest = (request: CertificateSigningRequest): CertificateRequest => parseCertificateRequest(pemOf(request));
