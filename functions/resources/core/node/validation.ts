/** Source: pkg/apis/core/validation/validation.go, ValidateNode and ValidateNodeUpdate. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, duplicate, forbiddenField, invalid } from '../../../kube/field-error.ts';
import type { Node, NodeSpec, Taint } from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { parseIpRange } from '../../../kube/ip.ts';
import { labelValueErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateOneOf } from '../../field-rules.ts';
import { validateRange } from '../../ip-rules.ts';
import { validateQuantity } from '../../quantity-rules.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export const validateNode = (node: Node): FieldError[] => [
  ...taintsErrors(node.spec?.taints ?? [], 'metadata.taints'),
  ...amountErrors(node),
  ...featureErrors(node.status?.declaredFeatures ?? []),
  ...rangeErrors(node.spec?.podCIDRs ?? []),
];

/** Source: ValidateNodeResources. */
const amountErrors = ({ status }: Node): FieldError[] =>
  (['capacity', 'allocatable'] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, amount]) => validateQuantity(name, amount, `status.${list}.${name}`)),
  );

const featureCharactersMax = 253;
const featurePattern = /^[A-Z][A-Za-z0-9]*(?:\/[A-Za-z0-9]+)*$/;

const featureErrors = (features: readonly string[]): FieldError[] =>
  features.flatMap((feature, index) => {
    const field = `status.declaredFeatures[${index}]`;
    const wrong = `invalid feature name ${JSON.stringify(feature)}: must`;
    const before = features[index - 1];
    const errors: FieldError[] = [];
    if (before !== undefined && before === feature) errors.push(duplicate(field, feature));
    if (before !== undefined && before > feature) errors.push(invalid(field, feature, 'list must be sorted alphabetically'));
    if (Buffer.byteLength(feature) > featureCharactersMax) {
      errors.push(invalid(field, feature, `${wrong} be no more than ${featureCharactersMax} characters`));
    } else if (!featurePattern.test(feature)) {
      const form = `start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`;
      errors.push(invalid(field, feature, `${wrong} ${form}`));
    }
    return errors;
  });

/** A taint is known by its key and its effect. */
function taintsErrors(taints: readonly Taint[], path: string): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const field = `${path}[${index}]`;
    const pair = JSON.stringify([taint.key, taint.effect]);
    const errors = taintErrors(taint, field);
    if (seen.has(pair)) {
      const repeated = duplicate(field, internalForm('core.Taint', taint));
      errors.push({ ...repeated, message: `${repeated.message}: taints must be unique by key and effect pair` });
    }
    seen.add(pair);
    return errors;
  });
}

/** Errors of an update of the status, which may not change the rest. */
export const validateNodeStatusUpdate = ({ status, ...rest }: Node): FieldError[] => {
  const addresses = (status?.addresses ?? []).map(({ type, address }) => ({ Type: type, Address: address }));
  const texts = addresses.map((address) => JSON.stringify(address));
  return [
    ...amountErrors({ ...rest, ...(status !== undefined && { status }) }),
    ...featureErrors(status?.declaredFeatures ?? []),
    ...repeatedIndexes(texts).map((index) => duplicate(`status.addresses[${index}]`, addresses[index])),
  ];
};

function rangeErrors(ranges: readonly string[]): FieldError[] {
  const errors = ranges.flatMap((range, index) => validateRange(range, `spec.podCIDRs[${index}]`));
  const families = new Set(ranges.map((range) => parseIpRange(range)?.address.bits));
  const isOnePerFamily = ranges.length < 2 || (families.size === ranges.length && !families.has(undefined));
  return isOnePerFamily ? errors : [...errors, invalid('spec.podCIDRs', ranges, 'may specify no more than one CIDR for each IP family')];
}

const joined = (problems: readonly string[]): string[] => (problems.length === 0 ? [] : [problems.join(';')]);

function taintErrors({ key, value = '', effect }: Taint, path: string): FieldError[] {
  return [
    ...qualifiedNameErrors(key ?? '').map((why) => invalid(`${path}.key`, key ?? '', why)),
    ...joined(labelValueErrors(value)).map((why) => invalid(`${path}.value`, value, why)),
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
