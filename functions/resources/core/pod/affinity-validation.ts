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
import { dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';

const weightMax = 100;
const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

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
    ...(affinity[preferred] ?? []).flatMap(({ weight, preference }, index) => [
      ...weightErrors(weight, `${path}.${preferred}[${index}].weight`),
      // Its values may be no labels: such a preference is never fulfilled.
      ...termErrors(preference, `${path}.${preferred}[${index}].preference`, { areValuesChecked: false }),
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

const termErrors = (
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  path: string,
  { areValuesChecked } = { areValuesChecked: true },
): FieldError[] => [
  ...matchExpressions.flatMap((requirement, index) =>
    requirementErrors(requirement, `${path}.matchExpressions[${index}]`, areValuesChecked),
  ),
  ...matchFields.flatMap((requirement, index) => fieldErrors(requirement, `${path}.matchFields[${index}]`)),
];

function requirementErrors({ key, operator, values = [] }: NodeSelectorRequirement, path: string, areValuesChecked: boolean): FieldError[] {
  return [
    ...operatorErrors(operator, values, path),
    ...qualifiedNameErrors(key).map((why) => invalid(`${path}.key`, key, why)),
    ...(areValuesChecked ? values : []).flatMap((value, index) =>
      labelValueErrors(value).map((why) => invalid(`${path}.values[${index}]`, value, why)),
    ),
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
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'));
  else if (values.length !== 1) {
    errors.push(required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  }
  if (key !== 'metadata.name') return [...errors, invalid(`${path}.key`, key, 'not a valid field selector key')];
  return [
    ...errors,
    ...values.flatMap((value, index) => dnsSubdomainErrors(value).map((why) => invalid(`${path}.values[${index}]`, value, why))),
  ];
}

function podAffinityErrors(affinity: NonNullable<Affinity['podAffinity']>, path: string): FieldError[] {
  return [
    ...(affinity[needed] ?? []).flatMap((term, index) => podTermErrors(term, `${path}.${needed}[${index}]`)),
    ...(affinity[preferred] ?? []).flatMap(({ weight, podAffinityTerm }, index) => [
      ...weightErrors(weight, `${path}.${preferred}[${index}].weight`),
      ...podTermErrors(podAffinityTerm, `${path}.${preferred}[${index}].podAffinityTerm`),
    ]),
  ];
}

function podTermErrors(term: PodAffinityTerm, path: string): FieldError[] {
  const { labelSelector, namespaceSelector, namespaces = [], topologyKey } = term;
  return [
    ...(labelSelector === undefined ? [] : validateLabelSelector(labelSelector, `${path}.labelSelector`)),
    ...(namespaceSelector === undefined ? [] : validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`)),
    ...namespaces.flatMap((name) => dnsLabelErrors(name).map((why) => invalid(`${path}.namespace`, name, why))),
    ...labelKeysErrors(term, path),
    ...(topologyKey ? [] : [required(`${path}.topologyKey`, 'can not be empty')]),
    ...qualifiedNameErrors(topologyKey ?? '').map((why) => invalid(`${path}.topologyKey`, topologyKey ?? '', why)),
  ];
}

type LabelKeys = Pick<PodAffinityTerm, 'labelSelector' | 'matchLabelKeys' | 'mismatchLabelKeys'>;

/** Labels whose values the pod's own become. Source: ValidateMatchLabelKeysAndMismatchLabelKeys. */
function labelKeysErrors({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: LabelKeys, path: string): FieldError[] {
  const nameErrors = (keys: readonly string[], field: string): FieldError[] => {
    if (keys.length === 0) return [];
    if (labelSelector === undefined) return [forbiddenField(field, 'must not be specified when labelSelector is not set')];
    return keys.flatMap((key, index) => qualifiedNameErrors(key).map((why) => invalid(`${field}[${index}]`, key, why)));
  };
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  const chosenTwice = (labelSelector?.matchExpressions ?? []).flatMap(({ key }) => {
    const index = matchLabelKeys.lastIndexOf(key);
    const isTwice = index !== -1 && seen.has(key);
    seen.add(key);
    return isTwice ? [invalid(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector')] : [];
  });
  return [
    ...nameErrors(matchLabelKeys, `${path}.matchLabelKeys`),
    ...nameErrors(mismatchLabelKeys, `${path}.mismatchLabelKeys`),
    ...chosenTwice,
    ...matchLabelKeys.flatMap((key, index) =>
      mismatchLabelKeys.includes(key)
        ? [invalid(`${path}.matchLabelKeys[${index}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys')]
        : [],
    ),
  ];
}

const unsatisfiable = ['DoNotSchedule', 'ScheduleAnyway'];

const policies = ['Honor', 'Ignore'];

const oneOf = (value: string | undefined, known: readonly string[], field: string): FieldError[] =>
  value === undefined || known.includes(value) ? [] : [notSupported(field, value, known)];

/** Source: ValidatePositiveField. */
const positive = (value: number | undefined, field: string): FieldError[] =>
  value !== undefined && value <= 0 ? [invalid(field, value, 'must be greater than zero')] : [];

export const validateTopologySpread = (constraints: readonly TopologySpreadConstraint[], path: string): FieldError[] =>
  constraints.flatMap((constraint, index) => constraintErrors(constraint, constraints.slice(index + 1), `${path}[${index}]`));

function constraintErrors(
  constraint: TopologySpreadConstraint,
  following: readonly TopologySpreadConstraint[],
  path: string,
): FieldError[] {
  const { maxSkew = 0, minDomains, topologyKey = '', whenUnsatisfiable = '', labelSelector } = constraint;
  const isRepeated = following.some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
  const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
  const errors = [
    ...positive(maxSkew, `${path}.maxSkew`),
    ...(topologyKey === '' ? [required(`${path}.topologyKey`, 'can not be empty')] : []),
    ...oneOf(whenUnsatisfiable, unsatisfiable, `${path}.whenUnsatisfiable`),
    ...(isRepeated ? [duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, pair)] : []),
    ...positive(minDomains, `${path}.minDomains`),
  ];
  if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule') {
    const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    errors.push(invalid(`${path}.minDomains`, minDomains, why));
  }
  return [
    ...errors,
    ...oneOf(constraint.nodeAffinityPolicy, policies, `${path}.nodeAffinityPolicy`),
    ...oneOf(constraint.nodeTaintsPolicy, policies, `${path}.nodeTaintsPolicy`),
    ...labelKeysErrors(constraint, path),
    ...(labelSelector === undefined ? [] : validateLabelSelector(labelSelector, `${path}.labelSelector`)),
  ];
}
