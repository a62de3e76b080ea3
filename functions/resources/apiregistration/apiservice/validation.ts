/** Source: kube-aggregator, pkg/apis/apiregistration/validation/validation.go. */
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { APIService, APIServiceSpec } from '../../../kube/generated/types.ts';
import { dns1035LabelErrors, dnsSubdomainErrors, pathSegmentErrors, portNumberErrors } from '../../../kube/names.ts';
import { nameOf } from '../../../kube/object.ts';
import { validateChangedMeta, validateObjectMeta } from '../../metadata-validation.ts';

const statuses = ['False', 'True', 'Unknown'];
const groupPriorityMax = 20_000;
const versionPriorityMax = 1_000;

export function validateAPIService(apiService: APIService): FieldError[] {
  const spec: APIServiceSpec = apiService.spec ?? { groupPriorityMinimum: 0, versionPriority: 0 };
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  const name = `${version}.${group}`;
  const errors: FieldError[] = [];
  if (nameOf(apiService) !== '' && nameOf(apiService) !== name && pathSegmentErrors(nameOf(apiService)).length === 0) {
    errors.push(invalid('metadata.name', nameOf(apiService), `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`));
  }
  if (group === '' && version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  }
  if (group !== '') errors.push(...dnsSubdomainErrors(group).map((why) => invalid('spec.group', group, why)));
  errors.push(...dns1035LabelErrors(version).map((why) => invalid('spec.version', version, why)));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > groupPriorityMax) {
    errors.push(invalid('spec.groupPriorityMinimum', groupPriorityMinimum, 'must be positive and less than 20000'));
  }
  if (versionPriority <= 0 || versionPriority > versionPriorityMax) {
    errors.push(invalid('spec.versionPriority', versionPriority, 'must be positive and less than 1000'));
  }
  return [...errors, ...(spec.service === undefined ? localErrors(spec) : serviceErrors(spec))];
}

function localErrors({ caBundle, insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (caBundle) {
    const size = `${Buffer.from(caBundle, 'base64').length} bytes`;
    errors.push(invalid('spec.caBundle', size, 'local APIServices may not have a caBundle'));
  }
  if (insecureSkipTLSVerify === true) {
    errors.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'));
  }
  return errors;
}

function serviceErrors({ service, caBundle, insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const { namespace, name, port = 0 } = service ?? {};
  const why = portNumberErrors(port);
  return [
    ...(namespace ? [] : [required('spec.service.namespace')]),
    ...(name ? [] : [required('spec.service.name')]),
    ...(why.length === 0 ? [] : [invalid('spec.service.port', port, `port is not valid: ${why.join(', ')}`)]),
    ...(insecureSkipTLSVerify === true && caBundle
      ? [invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present')]
      : []),
  ];
}

/** Upstream checks the metadata as that of the update, and then as that of a new object. */
export const validateAPIServiceUpdate = (next: APIService, current: APIService): FieldError[] => [
  ...validateChangedMeta(next.metadata, current.metadata),
  ...validateObjectMeta(next.metadata, { namespaced: false, isCustom: true, validateName: pathSegmentErrors }),
];

export const validateAPIServiceStatus = ({ status }: APIService): FieldError[] =>
  (status?.conditions ?? []).flatMap((condition, index) =>
    statuses.includes(condition.status)
      ? []
      : [notSupported(`status.conditions[${index}].status`, condition.status ?? '', ['True', 'False', 'Unknown'])],
  );
