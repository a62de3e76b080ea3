/** Source: pkg/registry/coordination/lease/strategy.go, pkg/apis/coordination/validation/validation.go. */
import type { FieldError } from '../../../kube/field-error.ts';
import type { Lease } from '../../../kube/generated/types.ts';
import { leases } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { validateNonnegative, validatePositive } from '../../field-rules.ts';

/** An empty holder is fine: it is how a leader steps down. */
const validateLease = ({ spec }: Lease): FieldError[] => [
  ...validatePositive(spec?.leaseDurationSeconds, 'spec.leaseDurationSeconds'),
  ...validateNonnegative(spec?.leaseTransitions, 'spec.leaseTransitions'),
];

export const leaseDefinition = definition<Lease>({
  type: leases,
  schema: builtIn('io.k8s.api.coordination.v1.Lease'),
  singular: 'lease',
  allowsBareFinalizers: true,
  rechecksName: false,
  columns: [nameColumn, textColumn('Holder', 'Who holds it.', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn],
  validate: validateLease,
  allowsUnconditionalUpdate: false,
  allowsCreateOnUpdate: true,
});
