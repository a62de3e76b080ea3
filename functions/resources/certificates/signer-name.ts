/** Names of signers: `example.com/my-signer`. Source: pkg/apis/core/validation/validation.go, ValidateSignerName. */
import { type FieldError, invalid, required, tooLong } from '../../kube/field-error.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../kube/names.ts';

const domainMax = 253;
const nameMax = 571;

function partErrors(labels: readonly string[], errorsOf: (label: string) => string[]): string[] {
  const wrong = labels.find((label) => errorsOf(label).length > 0);
  return wrong === undefined ? [] : errorsOf(wrong).map((why) => `validating label ${JSON.stringify(wrong)}: ${why}`);
}

export function validateSignerName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const [domain = '', path, ...more] = name.split('/');
  if (path === undefined || more.length > 0) {
    return [invalid(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const labels = domain.split('.');
  return [
    ...(Buffer.byteLength(domain) > domainMax ? [tooLong(field, domainMax)] : []),
    ...partErrors(labels, dnsLabelErrors).map((why) => invalid(field, domain, why)),
    ...(labels.length < 2 ? [invalid(field, domain, 'should be a domain with at least two segments separated by dots')] : []),
    ...partErrors(path.split('.'), dnsSubdomainErrors).map((why) => invalid(field, path, why)),
    ...(Buffer.byteLength(name) > nameMax ? [tooLong(field, nameMax)] : []),
  ];
}

/** Whether the signer is one of Kubernetes' own. */
export const isKubernetesSigner = (name: string | undefined): boolean => /^([^/]*\.)?kubernetes\.io\//.test(name ?? '');
