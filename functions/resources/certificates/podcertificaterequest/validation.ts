/** Source: pkg/apis/certificates/validation/validation.go, ValidatePodCertificateRequestCreate. */
import { CertificateRequestError, readCertificateRequest } from '../../../kube/certificate-request.ts';
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, invalid, required, tooLong } from '../../../kube/field-error.ts';
import type { PodCertificateRequest } from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { validateAnnotations } from '../../metadata-validation.ts';
import { isKubernetesSigner, validateSignerName } from '../signer-name.ts';

const uidMax = 128;
const secondsMin = 3_600;
const secondsMax = 7_862_400;
const kubernetesSecondsMax = 86_400;

function uidErrors(uid: string, field: string): FieldError[] {
  if (uid === '') return [invalid(field, uid, 'must not be empty')];
  return Buffer.byteLength(uid) > uidMax ? [tooLong(field, uidMax)] : [];
}

const nameErrors = (name: string, field: string): FieldError[] => dnsSubdomainErrors(name).map((why) => invalid(field, name, why));

export function validatePodCertificateRequest({ spec }: PodCertificateRequest, current?: PodCertificateRequest): FieldError[] {
  if (current !== undefined) return semanticallyEqual(spec, current.spec) ? [] : [changed(spec)];
  const { signerName, unverifiedUserAnnotations, maxExpirationSeconds: seconds, stubPKCS10Request } = spec;
  const errors = [
    ...validateSignerName(signerName, 'spec.signerName'),
    ...validateAnnotations(unverifiedUserAnnotations, 'spec.unverifiedUserAnnotations'),
    ...nameErrors(spec.podName ?? '', 'spec.podName'),
    ...uidErrors(spec.podUID ?? '', 'spec.podUID'),
    ...nameErrors(spec.serviceAccountName ?? '', 'spec.serviceAccountName'),
    ...uidErrors(spec.serviceAccountUID ?? '', 'spec.serviceAccountUID'),
    ...nameErrors(spec.nodeName ?? '', 'spec.nodeName'),
    ...uidErrors(spec.nodeUID ?? '', 'spec.nodeUID'),
  ];
  if (seconds === undefined) return [...errors, required('spec.maxExpirationSeconds', 'must be set')];
  const most = isKubernetesSigner(signerName) ? kubernetesSecondsMax : secondsMax;
  if (seconds < secondsMin || seconds > most) {
    errors.push(invalid('spec.maxExpirationSeconds', seconds, `must be in the range [${secondsMin}, ${most}]`));
  }
  if (!stubPKCS10Request) {
    const why = 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set';
    return [...errors, { type: 'FieldValueInvalid', field: 'spec', message: `Invalid value: ${why}` }];
  }
  return [...errors, ...stubErrors(stubPKCS10Request)];
}

const changed = (spec: PodCertificateRequest['spec']): FieldError =>
  invalid('spec', internalForm('certificates.PodCertificateRequestSpec', spec), 'field is immutable');

function stubErrors(base64: string): FieldError[] {
  try {
    readCertificateRequest(Buffer.from(base64, 'base64'));
    return [];
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    const message = 'Invalid value: must be a valid PKCS#10 CSR';
    return [{ type: 'FieldValueInvalid', field: 'spec.stubPKCS10Request', message }];
  }
}
