/** Source: pkg/apis/core/validation/validation.go, ValidateNode and ValidateNodeUpdate. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, duplicate, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { Node, NodeSpec, Taint } from '../../../kube/generated/types.ts';
import { parseIpRange } from '../../../kube/ip.ts';
import { labelValueErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateOneOf } from '../../field-rules.ts';
import { validateRange } from '../../ip-rules.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateNode({ spec }: Node): FieldError[] {
  const taints = spec?.taints ?? [];
  const repeated = repeatedIndexes(taints.map(({ key, effect }) => `${key}:${effect}`));
  return [
    ...taints.flatMap((taint, index) => taintErrors(taint, `metadata.taints[${index}]`)),
    ...repeated.map((index) => duplicate(`metadata.taints[${index}]`, taints[index])),
    ...rangeErrors(spec?.podCIDRs ?? []),
  ];
}

function rangeErrors(ranges: readonly string[]): FieldError[] {
  const errors = ranges.flatMap((range, index) => validateRange(range, `spec.podCIDRs[${index}]`));
  const families = new Set(ranges.map((range) => parseIpRange(range)?.address.bits));
  const isOnePerFamily = ranges.length < 2 || (families.size === ranges.length && !families.has(undefined));
  return isOnePerFamily ? errors : [...errors, invalid('spec.podCIDRs', ranges, 'may specify no more than one CIDR for each IP family')];
}

function taintErrors({ key, value = '', effect }: Taint, path: string): FieldError[] {
  return [
    ...(key ? qualifiedNameErrors(key).map((why) => invalid(`${path}.key`, key, why)) : [required(`${path}.key`)]),
    ...labelValueErrors(value).map((why) => invalid(`${path}.value`, value, why)),
    ...validateOneOf(effect, effects, `${path}.effect`),
  ];
}

const changeable: Partial<NodeSpec> = { taints: undefined, unschedulable: undefined, configSource: undefined };

export function validateNodeUpdate(nextNode: Node, currentNode: Node): FieldError[] {
  const [next, current] = [nextNode.spec ?? {}, currentNode.spec ?? {}];
  const errors: FieldError[] = [];
  if (current.podCIDRs?.length && !semanticallyEqual(next.podCIDRs, current.podCIDRs)) {
    errors.push(forbiddenField('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  }
  if (current.providerID && next.providerID !== current.providerID) {
    errors.push(
      invalid('spec.providerID', null, next.providerID ? 'field cannot be modified once set' : 'field cannot be cleared once set'),
    );
  }
  const filled = { podCIDR: undefined, podCIDRs: undefined, providerID: undefined };
  if (!semanticallyEqual({ ...next, ...changeable, ...filled }, { ...current, ...changeable, ...filled })) {
    const why =
      'node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)';
    errors.push(forbiddenField('[]', why));
  }
  return errors;
}
