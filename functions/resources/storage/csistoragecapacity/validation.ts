/** Source: pkg/apis/storage/validation/validation.go, ValidateCSIStorageCapacity. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import type { CSIStorageCapacity } from '../../../kube/generated/types.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { nodeSelectorWarnings } from '../../node-labels.ts';
import { validateNonnegativeQuantity } from '../../quantity-rules.ts';

export const validateCSIStorageCapacity = ({ nodeTopology, storageClassName = '', capacity }: CSIStorageCapacity): FieldError[] => [
  ...(nodeTopology === undefined ? [] : validateLabelSelector(nodeTopology, 'nodeTopology')),
  ...dnsSubdomainErrors(storageClassName).map((why) => invalid('storageClassName', storageClassName, why)),
  ...(capacity === undefined ? [] : validateNonnegativeQuantity(capacity, 'capacity')),
];

export const validateCSIStorageCapacityUpdate = (next: CSIStorageCapacity, current: CSIStorageCapacity): FieldError[] =>
  (['nodeTopology', 'storageClassName'] as const).flatMap((field) =>
    semanticallyEqual(next[field], current[field]) ? [] : [invalid(field, next[field], 'field is immutable')],
  );

export const storageCapacityWarnings = ({ nodeTopology }: CSIStorageCapacity): string[] =>
  nodeTopology === undefined ? [] : nodeSelectorWarnings(nodeTopology, 'nodeTopology');
