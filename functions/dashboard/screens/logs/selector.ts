/** The label selector of the pods that an object selects, as a query has it. Pure. */
import type { AnyObject } from '../../api/change.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

const equalities = (labels: Readonly<Record<string, string>>): string[] => Object.entries(labels).map(([key, value]) => `${key}=${value}`);

function requirementText({ key, operator, values = [] }: Requirement): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator === 'NotIn' ? 'notin' : 'in'} (${values.join(',')})`;
}

const isSelector = (selector: object): selector is Selector => 'matchLabels' in selector || 'matchExpressions' in selector;

/** Services have plain labels, all others a selector. '': it selects nothing. */
export function selectorOf({ spec = {} }: AnyObject): string {
  const selector = spec['selector'];
  if (typeof selector !== 'object' || selector === null) return '';
  if (!isSelector(selector)) return equalities(selector as Readonly<Record<string, string>>).join(',');
  return [...equalities(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(requirementText)].join(',');
}
