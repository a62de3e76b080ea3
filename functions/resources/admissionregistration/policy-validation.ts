/** Source: pkg/apis/admissionregistration/validation/validation.go. Expressions are not compiled here. */
import { duplicate, type FieldError, forbiddenField, invalid, notSupported, required } from '../../kube/field-error.ts';
import type { MatchResources, ParamKind, ParamRef } from '../../kube/generated/types.ts';
import { dns1035LabelErrors, dnsSubdomainErrors, pathSegmentErrors } from '../../kube/names.ts';
import { repeatedIndexes } from '../field-rules.ts';
import { validateLabelSelector } from '../label-selector-validation.ts';
import { validateMatchResources } from './rule-validation.ts';
import { failurePolicies } from './webhook-validation.ts';

const actions = ['Audit', 'Deny', 'Warn'];
const notFoundActions = ['Deny', 'Allow'];

export const validateFailurePolicy = (policy: string | undefined): FieldError[] =>
  policy === undefined || failurePolicies.includes(policy) ? [] : [notSupported('spec.failurePolicy', policy, failurePolicies)];

export function validateConstraints(match: MatchResources | undefined): FieldError[] {
  const field = 'spec.matchConstraints';
  if (match === undefined) return [required(field)];
  const errors = validateMatchResources(match, field);
  return (match.resourceRules ?? []).length === 0 ? [...errors, required(`${field}.resourceRules`)] : errors;
}

export function validateParamKind({ apiVersion = '', kind = '' }: ParamKind): FieldError[] {
  const field = 'spec.paramKind';
  const kindErrors = dns1035LabelErrors(kind.toLowerCase());
  if (kind === '') return [...versionErrors(apiVersion, `${field}.apiVersion`), required(`${field}.kind`)];
  const why = `may have mixed case, but should otherwise match: ${kindErrors.join(',')}`;
  return [...versionErrors(apiVersion, `${field}.apiVersion`), ...(kindErrors.length === 0 ? [] : [invalid(`${field}.kind`, kind, why)])];
}

function versionErrors(apiVersion: string, field: string): FieldError[] {
  if (apiVersion === '') return [required(field)];
  const parts = apiVersion === '/' ? [''] : apiVersion.split('/');
  if (parts.length > 2) return [invalid(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [version = '', group = ''] = parts.toReversed();
  const groupErrors = group === '' ? [] : dnsSubdomainErrors(group);
  const errors = groupErrors.length === 0 ? [] : [invalid(field, group, groupErrors.join(','))];
  if (version === '') return [...errors, invalid(field, apiVersion, 'version must be specified')];
  const labelErrors = dns1035LabelErrors(version);
  return labelErrors.length === 0 ? errors : [...errors, invalid(field, version, labelErrors.join(','))];
}

interface Binding {
  readonly policyName?: string;
  readonly paramRef?: ParamRef;
  readonly matchResources?: MatchResources;
}

export function validateBindingSpec({ policyName = '', paramRef, matchResources }: Binding): FieldError[] {
  return [
    ...(policyName === ''
      ? [required('spec.policyName')]
      : dnsSubdomainErrors(policyName).map((why) => invalid('spec.policyName', policyName, why))),
    ...(paramRef === undefined ? [] : paramRefErrors(paramRef, 'spec.paramRef')),
    ...(matchResources === undefined ? [] : validateMatchResources(matchResources, 'spec.matchResources')),
  ];
}

function paramRefErrors({ name = '', selector, parameterNotFoundAction: action }: ParamRef, path: string): FieldError[] {
  const errors: FieldError[] = pathSegmentErrors(name).map((why) => invalid(`${path}.name`, name, why));
  if (name !== '' && selector !== undefined) {
    errors.push(forbiddenField(`${path}.name`, 'name and selector are mutually exclusive'));
    errors.push(forbiddenField(`${path}.selector`, 'name and selector are mutually exclusive'));
  }
  if (selector !== undefined) errors.push(...validateLabelSelector(selector, `${path}.selector`));
  if (name === '' && selector === undefined) errors.push(required(path, 'one of name or selector must be specified'));
  if (action === undefined) errors.push(required(`${path}.parameterNotFoundAction`));
  else if (!notFoundActions.includes(action)) errors.push(notSupported(`${path}.parameterNotFoundAction`, action, notFoundActions));
  return errors;
}

export function validateActions(given: readonly string[]): FieldError[] {
  const field = 'spec.validationActions';
  if (given.length === 0) return [required(field)];
  const repeated = new Set(repeatedIndexes(given));
  const errors = given.flatMap((action, index) => [
    ...(actions.includes(action) ? [] : [notSupported(`${field}[${index}]`, action, actions)]),
    ...(repeated.has(index) ? [duplicate(`${field}[${index}]`, action)] : []),
  ]);
  if (!given.includes('Deny') || !given.includes('Warn')) return errors;
  const why =
    'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
  return [...errors, invalid(field, given, why)];
}
