/** Source: pkg/apis/certificates/validation/validation.go, ValidateCertificateSigningRequestCreate. */
import { CertificateRequestError, parseCertificateRequest } from '../../../kube/certificate-request.ts';
import { semanticallyEqual } from '../../../kube/equality.ts';
import { duplicate, type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition as Condition } from '../../../kube/generated/types.ts';
import { repeatedIndexes } from '../../field-rules.ts';
import { validateSignerName } from '../signer-name.ts';

const answers = ['Approved', 'Denied', 'Failed'];
const statuses = ['False', 'True', 'Unknown'];
const legacySigner = 'kubernetes.io/legacy-unknown';
const secondsMin = 600;
const conditionsField = 'status.conditions';
const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

const conditionsOf = ({ status }: CertificateSigningRequest): readonly Condition[] => status?.conditions ?? [];
const ofType = (request: CertificateSigningRequest, type: string): Condition[] => conditionsOf(request).filter((one) => one.type === type);

export const validateRequest = (request: CertificateSigningRequest, current?: CertificateSigningRequest): FieldError[] => [
  ...specErrors(request, current),
  ...conditionsErrors(request, current),
];

function specErrors({ spec }: CertificateSigningRequest, current?: CertificateSigningRequest): FieldError[] {
  const { request, signerName, expirationSeconds } = spec;
  const given = spec.usages ?? [];
  const stored = current?.spec.usages ?? [];
  const why = requestError(request);
  const errors: FieldError[] = why === undefined ? [] : [invalid('spec.request', request, why)];
  if (given.length === 0) errors.push(required('spec.usages'));
  if (stored.every((usage) => usages.includes(usage))) {
    given.forEach((usage, index) => {
      if (!usages.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, usages));
    });
  }
  if (repeatedIndexes(stored).length === 0) {
    errors.push(...repeatedIndexes(given).map((index) => duplicate(`spec.usages[${index}]`, given[index])));
  }
  if (signerName === legacySigner && current?.spec.signerName !== legacySigner) {
    errors.push(invalid('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'));
  } else errors.push(...validateSignerName(signerName, 'spec.signerName'));
  if (expirationSeconds !== undefined && expirationSeconds < secondsMin) {
    const limit = `may not specify a duration less than ${secondsMin} seconds (10 minutes)`;
    errors.push(invalid('spec.expirationSeconds', expirationSeconds, limit));
  }
  return errors;
}

function requestError(base64: string | undefined): string | undefined {
  try {
    const { isSigned } = parseCertificateRequest(Buffer.from(base64 ?? '', 'base64').toString());
    return isSigned ? undefined : 'x509: ECDSA verification failure';
  } catch (error) {
    if (error instanceof CertificateRequestError) return error.message;
    throw error;
  }
}

/** What an older version stored may stay. */
function conditionsErrors(request: CertificateSigningRequest, current?: CertificateSigningRequest): FieldError[] {
  const conditions = conditionsOf(request);
  const stored = current === undefined ? [] : conditionsOf(current);
  const mayBeBoth = ['Approved', 'Denied'].every((type) => stored.some((one) => one.type === type));
  const mayBeEmpty = stored.some(({ type }) => !type);
  const repeated = repeatedIndexes(stored.map(({ type }) => type)).length > 0 ? [] : repeatedIndexes(conditions.map(({ type }) => type));
  const opposite = new Map([
    ['Approved', 'Denied'],
    ['Denied', 'Approved'],
  ]);
  return conditions.flatMap(({ type, status }, index) => {
    const path = `${conditionsField}[${index}]`;
    const allowed = answers.includes(type) ? ['True'] : statuses;
    const isBoth = conditions.slice(0, index).some((one) => one.type === opposite.get(type));
    return [
      ...(type || mayBeEmpty ? [] : [required(`${path}.type`)]),
      ...(status ? (allowed.includes(status) ? [] : [notSupported(`${path}.status`, status, allowed)]) : [required(`${path}.status`)]),
      ...(isBoth && !mayBeBoth ? [invalid(conditionsField, type, 'Approved and Denied conditions are mutually exclusive')] : []),
      ...(repeated.includes(index) ? [duplicate(`${path}.type`, type)] : []),
    ];
  });
}

function removalErrors(next: CertificateSigningRequest, current: CertificateSigningRequest): FieldError[] {
  const removed = answers.filter((type) => ofType(next, type).length < ofType(current, type).length);
  return removed.map((type) => forbiddenField(conditionsField, `updates may not remove a condition of type ${JSON.stringify(type)}`));
}

export const validateApproval = (next: CertificateSigningRequest, current: CertificateSigningRequest): FieldError[] => [
  ...validateRequest(next, current),
  ...removalErrors(next, current),
];

/** A signer answers with a certificate, once. */
export function validateRequestStatus(next: CertificateSigningRequest, current: CertificateSigningRequest): FieldError[] {
  const errors = validateApproval(next, current);
  for (const type of ['Approved', 'Denied']) {
    const [after, before] = [ofType(next, type), ofType(current, type)];
    const verb =
      after.length > before.length ? 'add' : after.length === before.length && !semanticallyEqual(after, before) ? 'modify' : undefined;
    if (verb !== undefined)
      errors.push(forbiddenField(conditionsField, `updates may not ${verb} a condition of type ${JSON.stringify(type)}`));
  }
  const [after, before] = [next.status?.certificate ?? '', current.status?.certificate ?? ''];
  if (after === before) return errors;
  const why = certificateError(Buffer.from(after, 'base64').toString());
  if (after !== '' && why !== undefined) errors.push(invalid('status.certificate', '<certificate data>', why));
  if (before !== '') errors.push(forbiddenField('status.certificate', 'updates may not modify existing certificate content'));
  return errors;
}

function certificateError(pem: string): string | undefined {
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label]) => label);
  const wrong = labels.find((label) => label !== 'CERTIFICATE');
  if (wrong !== undefined) return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(wrong)}`;
  return labels.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}
