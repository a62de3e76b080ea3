/** Source: pkg/apis/storage/validation/validation.go, ValidateCSINode. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { duplicate, type FieldError, invalid, required } from '../../../kube/field-error.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import type { CSINode, CSINodeDriver } from '../../../kube/generated/types.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateNonnegative } from '../../field-rules.ts';
import { validateDriverName } from '../class-validation.ts';

const nodeIdMax = 256;

export function validateCSINode({ spec }: CSINode): FieldError[] {
  const drivers = spec?.drivers ?? [];
  const repeated = new Set(repeatedIndexes(drivers.map(({ name }) => name)));
  return drivers.flatMap((driver, index) => driverErrors(driver, `spec.drivers[${index}]`, repeated.has(index)));
}

function driverErrors({ name, nodeID, allocatable, topologyKeys }: CSINodeDriver, path: string, isRepeated: boolean): FieldError[] {
  // Go prints null where there are none.
  const keys = topologyKeys ?? [];
  const errors = validateDriverName(name, `${path}.name`);
  if (!nodeID) errors.push(required(`${path}.nodeID`));
  else if (nodeID.length > nodeIdMax) errors.push(invalid(`${path}.nodeID`, nodeID, `must be ${nodeIdMax} characters or less`));
  errors.push(...validateNonnegative(allocatable?.count, `${path}.allocatable.count`));
  if (isRepeated) errors.push(duplicate(`${path}.name`, name));
  const repeated = new Set(repeatedIndexes(keys));
  keys.forEach((key, index) => {
    if (key === '') errors.push(required(path));
    if (repeated.has(index)) errors.push(duplicate(path, key));
    errors.push(...qualifiedNameErrors(key).map((why) => invalid(path, key, why)));
  });
  return errors;
}

/** A driver may change how many volumes fit, and nothing else. */
export const validateCSINodeUpdate = (next: CSINode, current: CSINode): FieldError[] =>
  (current.spec?.drivers ?? []).flatMap((before) =>
    (next.spec?.drivers ?? []).flatMap((after) => {
      if (after.name !== before.name) return [];
      const [{ allocatable: _before, ...kept }, { allocatable: _after, ...given }] = [before, after];
      return semanticallyEqual(given, kept)
        ? []
        : [invalid('spec.drivers', internalForm('storage.CSINodeDriver', given), 'field is immutable')];
    }),
  );
