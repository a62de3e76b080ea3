/** Source: pkg/apis/storage/validation/validation.go, ValidateStorageClass. */
import { isDeepStrictEqual } from 'node:util';
import { duplicate, type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { StorageClass, TopologySelectorTerm } from '../../../kube/generated/types.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes } from '../../field-rules.ts';
import { validateDeclaredImmutable } from '../../metadata-validation.ts';
import { nodeLabelWarnings } from '../../node-labels.ts';
import { validateParameters, validateProvisioner } from '../class-validation.ts';

const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

export function validateStorageClass(storageClass: StorageClass): FieldError[] {
  const { provisioner, parameters = {}, reclaimPolicy, volumeBindingMode, allowedTopologies = [] } = storageClass;
  // Upstream's API declares that there must be one: such errors come after those of its code.
  const missing = provisioner ? [] : [required('provisioner')];
  const errors = provisioner ? validateProvisioner(provisioner, 'provisioner') : [];
  errors.push(...validateParameters(parameters, 'parameters'));
  if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) {
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, reclaimPolicies));
  }
  if (volumeBindingMode === undefined) errors.push(required('volumeBindingMode'));
  else if (!bindingModes.includes(volumeBindingMode)) errors.push(notSupported('volumeBindingMode', volumeBindingMode, bindingModes));
  return [...errors, ...topologiesErrors(allowedTopologies, 'allowedTopologies'), ...missing];
}

const valuesByKey = ({ matchLabelExpressions = [] }: TopologySelectorTerm): object =>
  Object.fromEntries(matchLabelExpressions.map(({ key, values = [] }) => [key, [...new Set(values)].toSorted()]));

function topologiesErrors(terms: readonly TopologySelectorTerm[], path: string): FieldError[] {
  // Upstream compares each term with one empty term for each that there is, too.
  const seen: object[] = terms.map(() => ({}));
  return terms.flatMap((term, index) => {
    const errors = termErrors(term, `${path}[${index}]`);
    const values = valuesByKey(term);
    const equal = seen.filter((one) => isDeepStrictEqual(one, values)).map(() => duplicate(`${path}[${index}].matchLabelExpressions`, ''));
    seen.push(values);
    return [...errors, ...equal];
  });
}

function termErrors({ matchLabelExpressions = [] }: TopologySelectorTerm, path: string): FieldError[] {
  const repeated = new Set(repeatedIndexes(matchLabelExpressions.map(({ key }) => key)));
  return matchLabelExpressions.flatMap(({ key, values = [] }, index) => {
    const field = `${path}.matchLabelExpressions[${index}]`;
    return [
      ...(values.length === 0 ? [required(`${field}.values`)] : []),
      ...repeatedIndexes(values).map((position) => duplicate(`${field}.values[${position}]`, values[position])),
      ...qualifiedNameErrors(key).map((why) => invalid(`${field}.key`, key, why)),
      ...(repeated.has(index) ? [duplicate(`${field}.key`, key)] : []),
    ];
  });
}

export const validateStorageClassUpdate = (next: StorageClass, current: StorageClass): FieldError[] =>
  (['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((field) =>
    validateDeclaredImmutable(next[field], current[field], field),
  );

export const storageClassWarnings = ({ allowedTopologies = [] }: StorageClass): string[] =>
  allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
    matchLabelExpressions.flatMap(({ key }, position) =>
      nodeLabelWarnings(key, `allowedTopologies[${index}].matchLabelExpressions[${position}].key`),
    ),
  );
