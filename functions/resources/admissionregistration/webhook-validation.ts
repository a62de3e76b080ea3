/** Source: pkg/apis/admissionregistration/validation/validation.go; apiserver, pkg/util/webhook/validation.go. */
import { duplicate, type FieldError, invalid, notSupported, required } from '../../kube/field-error.ts';
import type { MutatingWebhook, ServiceReference, ValidatingWebhook, WebhookClientConfig } from '../../kube/generated/types.ts';
import { dns1035LabelErrors, dnsSubdomainErrors, portNumberErrors } from '../../kube/names.ts';
import { repeatedIndexes } from '../field-rules.ts';
import { validateLabelSelector } from '../label-selector-validation.ts';
import { validateMatchConditions, validateMatchPolicy, validateRule } from './rule-validation.ts';

export const failurePolicies = ['Fail', 'Ignore'];
const sideEffectClasses = ['None', 'NoneOnDryRun'];
const reviewVersions = ['v1', 'v1beta1'];
const reinvocationPolicies = ['IfNeeded', 'Never'];
const form = '; desired format: https://host[/path]';

type Webhook = ValidatingWebhook & Partial<Pick<MutatingWebhook, 'reinvocationPolicy'>>;

export function validateWebhooks({ webhooks = [] }: { readonly webhooks?: readonly Webhook[] }): FieldError[] {
  const names = webhooks.map(({ name }) => name ?? '');
  const repeated = new Set(repeatedIndexes(names));
  return webhooks.flatMap((webhook, index) => {
    const path = `webhooks[${index}]`;
    return [
      ...webhookErrors(webhook, path),
      ...versionErrors(webhook.admissionReviewVersions ?? [], `${path}.admissionReviewVersions`),
      ...(repeated.has(index) && names[index] !== '' ? [duplicate(`${path}.name`, names[index])] : []),
    ];
  });
}

function nameErrors(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = dnsSubdomainErrors(name);
  if (errors.length > 0) return [invalid(field, name, errors.join(','))];
  return name.split('.').length < 3 ? [invalid(field, name, 'should be a domain with at least three segments separated by dots')] : [];
}

function webhookErrors(webhook: Webhook, path: string): FieldError[] {
  const { name, rules = [], failurePolicy, matchPolicy, sideEffects, timeoutSeconds, reinvocationPolicy } = webhook;
  const errors = [...nameErrors(name, `${path}.name`), ...rules.flatMap((rule, index) => validateRule(rule, `${path}.rules[${index}]`))];
  if (failurePolicy !== undefined && !failurePolicies.includes(failurePolicy)) {
    errors.push(notSupported(`${path}.failurePolicy`, failurePolicy, failurePolicies));
  }
  errors.push(...validateMatchPolicy(matchPolicy, `${path}.matchPolicy`));
  if (sideEffects === undefined || sideEffects === null) {
    errors.push(required(`${path}.sideEffects`, `must specify one of ${sideEffectClasses.join(', ')}`));
  } else if (!sideEffectClasses.includes(sideEffects)) errors.push(notSupported(`${path}.sideEffects`, sideEffects, sideEffectClasses));
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    errors.push(invalid(`${path}.timeoutSeconds`, timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'));
  }
  errors.push(
    ...validateLabelSelector(webhook.namespaceSelector ?? {}, `${path}.namespaceSelector`),
    ...validateLabelSelector(webhook.objectSelector ?? {}, `${path}.objectSelector`),
  );
  if (reinvocationPolicy !== undefined && !reinvocationPolicies.includes(reinvocationPolicy)) {
    errors.push(notSupported(`${path}.reinvocationPolicy`, reinvocationPolicy, reinvocationPolicies));
  }
  errors.push(...clientConfigErrors(webhook.clientConfig ?? {}, `${path}.clientConfig`));
  return [...errors, ...validateMatchConditions(webhook.matchConditions ?? [], `${path}.matchConditions`)];
}

/** Errors of the client configuration, for every kind of webhook. */
export function clientConfigErrors({ url, service }: WebhookClientConfig, field: string): FieldError[] {
  if ((url === undefined) === (service === undefined)) return [required(field, 'exactly one of url or service is required')];
  if (url !== undefined) return urlErrors(url, `${field}.url`);
  return service === undefined ? [] : serviceErrors(service, `${field}.service`);
}

export function versionErrors(versions: readonly string[], field: string): FieldError[] {
  if (versions.length === 0) return [required(field, `must specify one of ${reviewVersions.join(', ')}`)];
  const repeated = new Set(repeatedIndexes(versions));
  const errors = versions.flatMap((version, index) =>
    repeated.has(index)
      ? [invalid(`${field}[${index}]`, version, 'duplicate version')]
      : dns1035LabelErrors(version).map((why) => invalid(`${field}[${index}]`, version, why)),
  );
  if (versions.some((version) => reviewVersions.includes(version))) return errors;
  return [...errors, invalid(field, versions, `must include at least one of ${reviewVersions.join(', ')}`)];
}

/** Go takes more for a URL than the URL class does: a scheme may be missing. */
function urlErrors(url: string, field: string): FieldError[] {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(url);
  const [, scheme = '', authority = '', , query = '', fragment = ''] = match ?? [];
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https') errors.push(invalid(field, scheme.toLowerCase(), `'https' is the only allowed URL scheme${form}`));
  if (host === '') errors.push(invalid(field, host, `host must be specified${form}`));
  if (at !== -1) errors.push(invalid(field, authority.slice(0, at), 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalid(field, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(field, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function serviceErrors({ name, namespace, path, port = 0 }: ServiceReference, field: string): FieldError[] {
  const ports = portNumberErrors(port);
  return [
    // Upstream takes the one for the other.
    ...(namespace ? [] : [required(`${field}.name`)]),
    ...(name ? [] : [required(`${field}.namespace`)]),
    ...(ports.length === 0 ? [] : [invalid(`${field}.port`, port, `port is not valid: ${ports.join(', ')}`)]),
    ...(path === undefined || path === '' || path === '/' ? [] : pathErrors(path).map((why) => invalid(`${field}.path`, path, why))),
  ];
}

function pathErrors(path: string): string[] {
  if (path === '//') return ['segment[0] may not be empty'];
  const start = path.startsWith('/') ? [] : ["must start with a '/'"];
  const segments = path.slice(1).replace(/\/$/, '').split('/');
  return [
    ...start,
    ...segments.flatMap((segment, index) =>
      segment === '' ? [`segment[${index}] may not be empty`] : dnsSubdomainErrors(segment).map((why) => `segment[${index}]: ${why}`),
    ),
  ];
}
