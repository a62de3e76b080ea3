/** Selectors that an access review names. Source: pkg/apis/authorization/validation/validation.go. */
import { type FieldError, forbiddenField, invalid, required } from '../../kube/field-error.ts';
import { parseFieldSelector } from '../../kube/fields.ts';
import type { ResourceAttributes } from '../../kube/generated/types.ts';
import { parseLabelSelector } from '../../kube/labels.ts';
import { labelValueErrors, qualifiedNameErrors } from '../../kube/names.ts';

/** A requirement of a selector, as a client sent it. */
interface Requirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

interface Selector {
  readonly rawSelector?: string;
  readonly requirements?: readonly Requirement[];
}

export function selectorErrors(attributes: ResourceAttributes | undefined): FieldError[] {
  const { fieldSelector, labelSelector } = attributes ?? {};
  return [
    ...oneSelectorErrors(fieldSelector, 'spec.resourceAttributes.fieldSelector', ({ key = '' }, path) => ({
      first: key === '' ? [required(`${path}.key`, 'must be specified')] : [],
    })),
    ...oneSelectorErrors(labelSelector, 'spec.resourceAttributes.labelSelector', ({ key = '', values = [] }, path) => ({
      last: [
        ...qualifiedNameErrors(key).map((why) => invalid(`${path}.key`, key, why)),
        ...values.flatMap((value, index) => labelValueErrors(value).map((why) => invalid(`${path}.values[${index}]`, value, why))),
      ],
    })),
  ];
}

/** What is asked of the key and the values, before and after the operator. */
type OwnErrors = (requirement: Requirement, path: string) => { readonly first?: FieldError[]; readonly last?: FieldError[] };

function oneSelectorErrors(selector: Selector | undefined, path: string, own: OwnErrors): FieldError[] {
  if (selector === undefined) return [];
  const { rawSelector = '', requirements = [] } = selector;
  if (rawSelector === '' && requirements.length === 0) {
    return [required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`)];
  }
  const both = rawSelector !== '' && requirements.length > 0;
  return [
    ...(both ? [invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements')] : []),
    ...requirements.flatMap((requirement, index) => {
      const at = `${path}.requirements[${index}]`;
      const { first = [], last = [] } = own(requirement, at);
      return [...first, ...operatorErrors(requirement, at), ...last];
    }),
  ];
}

/** An operator that a newer client knows is let through. */
function operatorErrors({ operator, values = [] }: Requirement, path: string): FieldError[] {
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    return [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    return [forbiddenField(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  }
  return [];
}

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

const parsers = { fieldSelector: parseFieldSelector, labelSelector: parseLabelSelector };

function canRead(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

/** The answer names texts that cannot be read, and requirements whose operator is not known: they are left out. Source: BuildEvaluationError. */
export const selectorProblems = (attributes: ResourceAttributes | undefined): string =>
  (['fieldSelector', 'labelSelector'] as const)
    .flatMap((field) => {
      const { rawSelector = '', requirements = [] } = attributes?.[field] ?? {};
      if (rawSelector !== '' && !canRead(parsers[field], rawSelector))
        return [`spec.resourceAttributes.${field} ignored due to parse error`];
      const known = requirements.filter(({ operator }) => operators.includes(operator)).length;
      if (known === requirements.length) return [];
      return [`spec.resourceAttributes.${field} ${known > 0 ? 'partially ' : ''}ignored due to parse error`];
    })
    .join('; ');
