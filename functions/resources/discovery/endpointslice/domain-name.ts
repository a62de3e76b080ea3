/** Source: apimachinery, pkg/util/validation/validation.go, IsFullyQualifiedDomainName. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';

export function domainNameErrors(text: string, field: string): FieldError[] {
  if (text === '') return [required(field)];
  const name = text.replace(/\.$/, '');
  const problems = dnsSubdomainErrors(name);
  if (problems.length > 0) return [invalid(field, name, problems.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) return [invalid(field, name, 'should be a domain with at least two segments separated by dots')];
  const wrong = labels.find((label) => dnsLabelErrors(label).length > 0);
  return wrong === undefined ? [] : [invalid(field, wrong, dnsLabelErrors(wrong).join(','))];
}
