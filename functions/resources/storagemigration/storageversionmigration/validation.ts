/** Source: pkg/apis/storagemigration/validation/validation.go. */
import { conditionOf } from '../../../kube/conditions.ts';
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { StorageVersionMigration } from '../../../kube/generated/types.ts';
import { dns1035LabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { validateConditions } from '../../condition-rules.ts';
import { validateImmutableStruct } from '../../metadata-validation.ts';

const joined = (value: string, errors: readonly string[], field: string): FieldError[] =>
  errors.length === 0 ? [] : [invalid(field, value, errors.join(','))];

export function validateMigration({ spec }: StorageVersionMigration): FieldError[] {
  const { group = '', resource = '' } = spec?.resource ?? {};
  const field = 'spec.resource.resource';
  return [
    ...(resource === '' ? [required(field, 'resource is required to be set')] : joined(resource, dns1035LabelErrors(resource), field)),
    ...(group === '' ? [] : joined(group, dnsSubdomainErrors(group), 'spec.resource.group')),
  ];
}

export const validateMigrationUpdate = (next: StorageVersionMigration, current: StorageVersionMigration): FieldError[] =>
  validateImmutableStruct(next.spec, current.spec, { field: 'spec', type: 'storagemigration.StorageVersionMigrationSpec' });

const isTrue = ({ status }: StorageVersionMigration, type: string): boolean => conditionOf(status?.conditions, type)?.status === 'True';

export function validateMigrationStatus(next: StorageVersionMigration, current: StorageVersionMigration): FieldError[] {
  const conditions = next.status?.conditions ?? [];
  const [version, stored] = [next.status?.resourceVersion ?? '', current.status?.resourceVersion ?? ''];
  const [versionField, conditionsField] = ['status.resourceVersion', 'status.conditions'];
  const errors: FieldError[] = [];
  if (version !== '' && !/^[1-9][0-9]*$/.test(version)) {
    errors.push(invalid(versionField, version, `resource version is not well formed: ${version}`));
  }
  errors.push(...validateConditions(conditions, conditionsField));
  if (stored !== '' && stored !== version) errors.push(invalid(versionField, version, 'field is immutable'));
  if (isTrue(next, 'Succeeded') && isTrue(next, 'Failed')) {
    errors.push(invalid(conditionsField, conditions, 'Both success and failed conditions cannot be true at the same time'));
  }
  for (const [type, name] of [
    ['Succeeded', 'Success'],
    ['Failed', 'Failed'],
  ] as const) {
    if (isTrue(current, type) && !isTrue(next, type)) {
      errors.push(invalid(conditionsField, conditions, `${name} condition cannot be set to false once it is true`));
    }
  }
  return errors;
}
