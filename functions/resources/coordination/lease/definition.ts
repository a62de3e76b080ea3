/** Source: pkg/registry/coordination/lease/strategy.go, pkg/apis/coordination/validation/validation.go. */
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import type { Lease } from '../../../kube/generated/types.ts';
import { leases } from '../../../kube/resource-type.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { validateNonnegative, validatePositive } from '../../field-rules.ts';

function validateLease({ spec }: Lease): FieldError[] {
  const errors = [
    ...validatePositive(spec?.leaseDurationSeconds, 'spec.leaseDurationSeconds'),
    ...validateNonnegative(spec?.leaseTransitions, 'spec.leaseTransitions'),
  ];
  return spec?.holderIdentity === '' ? [...errors, invalid('spec.holderIdentity', '', 'must not be empty')] : errors;
}

export const leaseDefinition = definition<Lease>({
  type: leases,
  schema: 'io.k8s.api.coordination.v1.Lease',
  singular: 'lease',
  columns: [nameColumn, textColumn('Holder', 'Who holds it.', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn],
  validate: validateLease,
  allowsUnconditionalUpdate: false,
  allowsCreateOnUpdate: true,
});
