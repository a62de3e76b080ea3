/** Source: pkg/apis/core/validation/validation.go, ValidateTolerations. */
import { type FieldError, invalid, notSupported } from '../../../kube/field-error.ts';
import type { Toleration } from '../../../kube/generated/types.ts';
import { labelValueErrors, qualifiedNameErrors } from '../../../kube/names.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export const validateTolerations = (tolerations: readonly Toleration[], path: string): FieldError[] =>
  tolerations.flatMap((toleration, index) => tolerationErrors(toleration, `${path}[${index}]`));

const joined = (problems: readonly string[]): string[] => (problems.length === 0 ? [] : [problems.join(';')]);

function tolerationErrors({ key, operator, value, effect, tolerationSeconds }: Toleration, path: string): FieldError[] {
  const errors = key ? qualifiedNameErrors(key).map((why) => invalid(`${path}.key`, key, why)) : [];
  if (!key && operator !== 'Exists') {
    errors.push(
      invalid(
        `${path}.operator`,
        operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(invalid(`${path}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (operator === undefined || operator === '' || operator === 'Equal') {
    errors.push(...joined(labelValueErrors(value ?? '')).map((why) => invalid(`${path}.operator`, value ?? '', why)));
  } else if (operator === 'Exists') {
    if (value) errors.push(invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  } else {
    // Upstream names the operators that its feature gate would allow only to a client that knows them.
    const gated = ['Lt', 'Gt'];
    errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists', ...(gated.includes(operator) ? gated : [])]));
  }
  if (effect && !effects.includes(effect)) errors.push(notSupported(`${path}.effect`, effect, effects));
  return errors;
}
