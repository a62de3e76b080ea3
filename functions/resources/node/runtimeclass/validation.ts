/** Source: pkg/apis/node/validation/validation.go, ValidateRuntimeClass. */
import { duplicate, type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { RuntimeClass } from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { validateTolerations } from '../../core/pod/toleration-validation.ts';
import { repeatedIndexes, withDeclared } from '../../field-rules.ts';
import { validateDeclaredImmutable, validateLabels } from '../../metadata-validation.ts';
import { nodeLabelWarnings } from '../../node-labels.ts';
import { validateContainerResourceName, validateQuantity } from '../../quantity-rules.ts';

export function validateRuntimeClass({ handler, overhead, scheduling }: RuntimeClass, current?: RuntimeClass): FieldError[] {
  const tolerations = scheduling?.tolerations ?? [];
  const keys = tolerations.map(({ key, operator, value, effect }) =>
    JSON.stringify([key ?? '', operator ?? '', value ?? '', effect ?? '']),
  );
  const field = 'scheduling.tolerations';
  const change = current === undefined ? [] : validateDeclaredImmutable(handler, current.handler, 'handler');
  const wrong = handler ? dnsLabelErrors(handler).map((why) => invalid('handler', handler, why)) : [required('handler')];
  const coded = [
    ...wrong,
    ...Object.entries(overhead?.podFixed ?? {}).flatMap(([name, quantity]) => [
      ...validateContainerResourceName(name, `overhead.limits[${name}]`),
      ...validateQuantity(name, quantity, `overhead.limits[${name}]`),
    ]),
    ...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...validateTolerations(tolerations, field),
    ...repeatedIndexes(keys).map((index) => duplicate(`${field}[${index}]`, internalForm('core.Toleration', tolerations[index]))),
  ];
  // What is declared of a handler ends with its change, so that its form is left to the code.
  return change.length > 0 && handler ? [...coded, ...change] : withDeclared(coded, [...change, ...wrong]);
}

export const runtimeClassWarnings = ({ scheduling }: RuntimeClass): string[] =>
  Object.keys(scheduling?.nodeSelector ?? {})
    .toSorted()
    .flatMap((label) => nodeLabelWarnings(label, 'scheduling.nodeSelector'));
