/** Where a pod wants to be. Source: pkg/apis/core/validation/validation.go, validateAffinity and validateTopologySpreadConstraints. */
import { type FieldError, duplicate, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../../kube/generated/types.ts';
import { labelValueErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateOneOf } from '../../field-rules.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';

const weightMax = 100;
const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
const wished = 'preferredDuringSchedulingIgnoredDuringExecution';

export function validateAffinity({ nodeAffinity, podAffinity, podAntiAffinity }: Affinity, path: string): FieldError[] {
  return [
    ...(nodeAffinity === undefined ? [] : nodeAffinityErrors(nodeAffinity, `${path}.nodeAffinity`)),
    ...(podAffinity === undefined ? [] : podAffinityErrors(podAffinity, `${path}.podAffinity`)),
    ...(podAntiAffinity === undefined ? [] : podAffinityErrors(podAntiAffinity, `${path}.podAntiAffinity`)),
  ];
}

function nodeAffinityErrors(affinity: NonNullable<Affinity['nodeAffinity']>, path: string): FieldError[] {
  const terms = affinity[needed]?.nodeSelectorTerms ?? [];
  const isEmpty = affinity[needed] !== undefined && terms.length === 0;
  return [
    ...(isEmpty ? [required(`${path}.${needed}.nodeSelectorTerms`, 'must have at least one node selector term')] : []),
    ...terms.flatMap((term, index) => termErrors(term, `${path}.${needed}.nodeSelectorTerms[${index}]`)),
    ...(affinity[wished] ?? []).flatMap(({ weight, preference }, index) => [
      ...weightErrors(weight, `${path}.${wished}[${index}].weight`),
      ...termErrors(preference, `${path}.${wished}[${index}].preference`),
    ]),
  ];
}

/** Source: ValidateNodeSelector. */
export function validateNodeSelector({ nodeSelectorTerms }: NodeSelector, path: string): FieldError[] {
  const terms = nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => termErrors(term, `${path}.nodeSelectorTerms[${index}]`));
}

const weightErrors = (weight: number, field: string): FieldError[] =>
  weight < 1 || weight > weightMax ? [invalid(field, weight, 'must be in the range 1-100')] : [];

const termErrors = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, path: string): FieldError[] => [
  ...matchExpressions.flatMap((requirement, index) => requirementErrors(requirement, `${path}.matchExpressions[${index}]`)),
  ...matchFields.flatMap((requirement, index) => fieldErrors(requirement, `${path}.matchFields[${index}]`)),
];

function requirementErrors({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  return [
    ...operatorErrors(operator, values, path),
    ...qualifiedNameErrors(key).map((why) => invalid(`${path}.key`, key, why)),
    ...values.flatMap((value, index) => labelValueErrors(value).map((why) => invalid(`${path}.values[${index}]`, value, why))),
  ];
}

function operatorErrors(operator: string, values: readonly string[], path: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0 ? [] : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [forbiddenField(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    case 'Gt':
    case 'Lt':
      return values.length === 1 ? [] : [required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalid(`${path}.operator`, operator, 'not a valid selector operator')];
  }
}

function fieldErrors({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  if (key !== 'metadata.name') return [invalid(`${path}.key`, key, 'not a valid field selector key')];
  if (operator !== 'In' && operator !== 'NotIn') return [invalid(`${path}.operator`, operator, 'not a valid selector operator')];
  const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
  return values.length === 1 ? [] : [required(`${path}.values`, why)];
}

function podAffinityErrors(affinity: NonNullable<Affinity['podAffinity']>, path: string): FieldError[] {
  return [
    ...(affinity[needed] ?? []).flatMap((term, index) => podTermErrors(term, `${path}.${needed}[${index}]`)),
    ...(affinity[wished] ?? []).flatMap(({ weight, podAffinityTerm }, index) => [
      ...weightErrors(weight, `${path}.${wished}[${index}].weight`),
      ...podTermErrors(podAffinityTerm, `${path}.${wished}[${index}].podAffinityTerm`),
    ]),
  ];
}

function podTermErrors({ labelSelector, namespaceSelector, topologyKey }: PodAffinityTerm, path: string): FieldError[] {
  return [
    ...(labelSelector === undefined ? [] : validateLabelSelector(labelSelector, `${path}.labelSelector`)),
    ...(namespaceSelector === undefined ? [] : validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`)),
    ...topologyKeyErrors(topologyKey, `${path}.topologyKey`),
  ];
}

const topologyKeyErrors = (key: string, field: string): FieldError[] =>
  key ? qualifiedNameErrors(key).map((why) => invalid(field, key, why)) : [required(field, 'can not be empty')];

const unsatisfiable = ['DoNotSchedule', 'ScheduleAnyway'];

export function validateTopologySpread(constraints: readonly TopologySpreadConstraint[], path: string): FieldError[] {
  const errors = constraints.flatMap((constraint, index) => constraintErrors(constraint, `${path}[${index}]`));
  const pairs = constraints.map(({ topologyKey, whenUnsatisfiable }) => `{${topologyKey}, ${whenUnsatisfiable}}`);
  const repeated = repeatedIndexes(pairs).map((index) => duplicate(`${path}[${index}].{topologyKey, whenUnsatisfiable}`, pairs[index]));
  return [...errors, ...repeated];
}

function constraintErrors(constraint: TopologySpreadConstraint, path: string): FieldError[] {
  const { maxSkew, minDomains, topologyKey, whenUnsatisfiable, labelSelector, nodeAffinityPolicy, nodeTaintsPolicy } = constraint;
  const errors = maxSkew > 0 ? [] : [invalid(`${path}.maxSkew`, maxSkew, 'must be greater than zero')];
  errors.push(...topologyKeyErrors(topologyKey, `${path}.topologyKey`));
  if (unsatisfiable.includes(whenUnsatisfiable)) {
    if (minDomains !== undefined && minDomains <= 0) errors.push(invalid(`${path}.minDomains`, minDomains, 'must be greater than zero'));
    if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule') {
      const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
      errors.push(invalid(`${path}.minDomains`, minDomains, why));
    }
  } else {
    errors.push(notSupported(`${path}.whenUnsatisfiable`, whenUnsatisfiable, unsatisfiable));
  }
  if (nodeAffinityPolicy !== undefined)
    errors.push(...validateOneOf(nodeAffinityPolicy, ['Honor', 'Ignore'], `${path}.nodeAffinityPolicy`));
  if (nodeTaintsPolicy !== undefined) errors.push(...validateOneOf(nodeTaintsPolicy, ['Honor', 'Ignore'], `${path}.nodeTaintsPolicy`));
  if (labelSelector !== undefined) errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`));
  return errors;
}
