/** Source: pkg/apis/storage/validation/validation.go, ValidateCSIStorageCapacity. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import { labelSelectorForm } from '../../../kube/go-internal.ts';
import type { CSIStorageCapacity } from '../../../kube/generated/types.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { nodeSelectorWarnings } from '../../node-labels.ts';
import { validateNonnegativeQuantity } from '../../quantity-rules.ts';

export const validateCSIStorageCapacity = ({ nodeTopology, storageClassName = '', capacity }: CSIStorageCapacity): FieldError[] => [
  ...(nodeTopology === undefined ? [] : validateLabelSelector(nodeTopology, 'nodeTopology')),
  ...dnsSubdomainErrors(storageClassName).map((why) => invalid('storageClassName', storageClassName, why)),
  ...(capacity === undefined ? [] : validateNonnegativeQuantity(capacity, 'capacity')),
];

export function validateCSIStorageCapacityUpdate(next: CSIStorageCapacity, current: CSIStorageCapacity): FieldError[] {
  const [topology, before] = [labelSelectorForm(next.nodeTopology), labelSelectorForm(current.nodeTopology)];
  return [
    ...(semanticallyEqual(topology, before) ? [] : [invalid('nodeTopology', topology, 'field is immutable')]),
    ...validateImmutable(next.storageClassName, current.storageClassName, 'storageClassName'),
  ];
}

export const storageCapacityWarnings = ({ nodeTopology }: CSIStorageCapacity): string[] =>
  nodeTopology === undefined ? [] : nodeSelectorWarnings(nodeTopology, 'nodeTopology');
