/** A certificate makes no user an administrator. Source: plugin/pkg/admission/certificates/subjectrestriction/admission.go. */
import { CertificateRequestError, parseCertificateRequest } from '../../kube/certificate-request.ts';
import type { CertificateSigningRequest } from '../../kube/generated/types.ts';
import { certificateSigningRequests } from '../../kube/resource-type.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';
import { isOf, refuse } from './refuse.ts';

const clientSigner = 'kubernetes.io/kube-apiserver-client';
const administrators = 'system:masters';

function organizationsOf(attributes: AdmissionAttributes, base64: string): readonly string[] {
  try {
    return parseCertificateRequest(Buffer.from(base64, 'base64').toString()).organizations;
  } catch (error) {
    if (error instanceof CertificateRequestError) throw refuse(attributes, `failed to parse CSR: ${error.message}`);
    throw error;
  }
}

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: (attributes) => attributes.operation === 'CREATE' && isOf(attributes, certificateSigningRequests),
  async validate(attributes) {
    const { spec } = attributes.object as CertificateSigningRequest;
    if (spec.signerName !== clientSigner) return;
    if (organizationsOf(attributes, spec.request ?? '').includes(administrators)) {
      throw refuse(attributes, `use of ${clientSigner} signer with ${administrators} group is not allowed`);
    }
  },
};
