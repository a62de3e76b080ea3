/** What a webhook reads of a request: the spec of a SubjectAccessReview. Source: apiserver, plugin/pkg/authorizer/webhook/webhook.go. */
import type { SubjectAccessReviewSpec } from '../../../kube/generated/types.ts';
import { parseFieldSelector } from '../../../kube/fields.ts';
import { parseLabelSelector, type Requirement } from '../../../kube/labels.ts';
import type { RequestAttributes, SelectorAttributes, User } from '../../ports.ts';

type SelectorRequirement = NonNullable<SelectorAttributes['requirements']>[number];

export function reviewSpec({ name, uid, groups, extra }: User, attributes: RequestAttributes): SubjectAccessReviewSpec {
  return {
    ...(attributes.isResource
      ? { resourceAttributes: resourceAttributes(attributes) }
      : { nonResourceAttributes: { path: attributes.path, verb: attributes.verb } }),
    user: name,
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(extra === undefined ? {} : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
    ...(uid === undefined || uid === '' ? {} : { uid }),
  };
}

function resourceAttributes(attributes: RequestAttributes): NonNullable<SubjectAccessReviewSpec['resourceAttributes']> {
  const { namespace, verb, group, version, resource, subresource, name, fieldSelector, labelSelector } = attributes;
  const texts = Object.entries({ namespace, verb, group, version, resource, subresource, name }).filter(([, value]) => value !== '');
  const [fields, labels] = [requirementsOf(fieldSelector, fieldRequirements), requirementsOf(labelSelector, labelRequirements)];
  return {
    ...Object.fromEntries(texts),
    ...(fields.length === 0 ? {} : { fieldSelector: { requirements: fields } }),
    ...(labels.length === 0 ? {} : { labelSelector: { requirements: labels } }),
  };
}

/** None of a selector that cannot be read: the request itself is refused for it. */
function requirementsOf(selector: SelectorAttributes | undefined, read: (text: string) => SelectorRequirement[]): SelectorRequirement[] {
  const { rawSelector = '', requirements = [] } = selector ?? {};
  if (rawSelector === '') return [...requirements];
  try {
    return read(rawSelector);
  } catch (error) {
    if (error instanceof Error) return [];
    throw error;
  }
}

const fieldRequirements = (text: string): SelectorRequirement[] =>
  parseFieldSelector(text).map(({ field, operator, value }) => ({
    key: field,
    operator: operator === '=' ? 'In' : 'NotIn',
    values: [value],
  }));

const operators: Readonly<Partial<Record<Requirement['operator'], string>>> = {
  in: 'In',
  notin: 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
};

const labelRequirements = (text: string): SelectorRequirement[] =>
  parseLabelSelector(text).flatMap(({ key, operator, values }) => {
    const known = operators[operator];
    return known === undefined ? [] : [{ key, operator: known, ...(values.length === 0 ? {} : { values: [...values] }) }];
  });
