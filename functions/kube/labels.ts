/**
 * Label selectors: what they match, and how they are written. The grammar is in `label-selector-parser.ts`.
 * Source: apimachinery, pkg/labels/selector.go and pkg/apis/meta/v1/helpers.go.
 */
import type { LabelSelector } from './generated/types.ts';
import { parseRequirements } from './label-selector-parser.ts';
import { ownField } from './own-field.ts';

export interface Requirement {
  readonly key: string;
  readonly operator: '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';
  /** Sorted, without duplicates. */
  readonly values: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** The requirements of `a=b,c in (d,e),!f`, in the order of their keys. Throws with upstream's message. */
export const parseLabelSelector = (text: string): Requirement[] => parseRequirements(text).sort((a, b) => compareTexts(a.key, b.key));

export const matchesLabels = (requirements: readonly Requirement[], labels: Labels | undefined): boolean =>
  requirements.every((requirement) => matches(requirement, ownField(labels ?? {}, requirement.key)));

function matches({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case '=':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'gt':
    case 'lt':
      return value !== undefined && /^[+-]?\d+$/.test(value) && isBeyond(operator, Number(value), Number(values[0]));
    default:
      return operator satisfies never;
  }
}

const isBeyond = (operator: 'gt' | 'lt', value: number, limit: number): boolean => (operator === 'gt' ? value > limit : value < limit);

const compareTexts = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

const nothing: Requirement = { key: '', operator: 'in', values: [] };

const expressionOperators = new Map<string, Requirement['operator']>([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

/** What a LabelSelector asks for. No selector matches nothing; an empty one matches everything. */
export function requirementsOf(selector: LabelSelector | undefined): Requirement[] {
  if (selector === undefined) return [nothing];
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator: name, values = [] }): Requirement => {
    const operator = expressionOperators.get(name);
    if (operator === undefined) throw new Error(`${JSON.stringify(name)} is not a valid label selector operator`);
    return { key, operator, values: [...new Set(values)].sort(compareTexts) };
  });
  return [...requirementsOfMap(selector.matchLabels ?? {}), ...expressions].sort((a, b) => compareTexts(a.key, b.key));
}

const requirementsOfMap = (labels: Labels): Requirement[] =>
  Object.entries(labels).map(([key, value]) => ({ key, operator: '=', values: [value] }));

/** The selector of kinds that select by a plain map (a Service, a ReplicationController). */
export const selectorOf = (labels: Labels): LabelSelector => ({ matchLabels: { ...labels } });

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case 'gt':
      return `${key}>${values.join(',')}`;
    case 'lt':
      return `${key}<${values.join(',')}`;
    case '=':
    case '!=':
      return `${key}${operator}${values.join(',')}`;
    default:
      return operator satisfies never;
  }
}

const isLabelSelector = (selector: LabelSelector | Labels): selector is LabelSelector =>
  Object.entries(selector).every(([field, value]) => /^match(?:Labels|Expressions)$/.test(field) && typeof value === 'object');

/** The selector as one would write it after `-l`; '' for one that matches everything. */
export function selectorText(selector: LabelSelector | Labels): string {
  const requirements = isLabelSelector(selector) ? requirementsOf(selector) : requirementsOfMap(selector);
  return requirements
    .sort((a, b) => compareTexts(a.key, b.key))
    .map(requirementText)
    .join(',');
}
