/**
 * Whether one set of rules grants all that another one does. Source: component-helpers,
 * auth/rbac/validation/policy_comparator.go; kubernetes, pkg/registry/rbac/validation/policy_compact.go.
 */
import type { PolicyRule } from '../../../kube/generated/types.ts';
import { withoutTrailing } from '../../../kube/trailing.ts';

const all = '*';

/** The parts of `wanted` that no rule of `held` covers: one verb, resource and name each. */
export function missingRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(singleRules).filter((single) => !held.some((rule) => covers(rule, single)));
}

function singleRules({ apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [], verbs }: PolicyRule): PolicyRule[] {
  const names = resourceNames.length === 0 ? [undefined] : resourceNames;
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name) => ({
          apiGroups: [group],
          resources: [resource],
          ...(name === undefined ? {} : { resourceNames: [name] }),
          verbs: [verb],
        })),
      ),
    ),
  );
  return [...ofResources, ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ nonResourceURLs: [url], verbs: [verb] })))];
}

function covers(rule: PolicyRule, single: PolicyRule): boolean {
  const { resourceNames = [] } = rule;
  return (
    holdsAll(rule.verbs, single.verbs) &&
    holdsAll(rule.apiGroups, single.apiGroups) &&
    (single.resources ?? []).every((resource) => coversResource(rule.resources, resource)) &&
    (single.nonResourceURLs ?? []).every((url) => rule.nonResourceURLs?.some((own) => coversUrl(own, url)) === true) &&
    (resourceNames.length === 0 ||
      (single.resourceNames !== undefined && single.resourceNames.every((name) => resourceNames.includes(name))))
  );
}

const holdsAll = (held: readonly string[] = [], wanted: readonly string[] = []): boolean =>
  held.includes(all) || wanted.every((one) => held.includes(one));

function coversResource(held: readonly string[] = [], resource: string): boolean {
  if (held.includes(all) || held.includes(resource)) return true;
  const slash = resource.indexOf('/');
  return slash !== -1 && held.includes(`*${resource.slice(slash)}`);
}

const coversUrl = (own: string, url: string): boolean => own === url || (own.endsWith(all) && url.startsWith(withoutTrailing(own, all)));

/** One line a rule, sorted; rules that differ by their verb alone share a line. */
export function describeRules(rules: readonly PolicyRule[]): string {
  const lines = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...rest } = rule;
    const place = rule.nonResourceURLs === undefined ? JSON.stringify(rest) : JSON.stringify(rule);
    lines.set(place, { ...rule, verbs: [...(lines.get(place)?.verbs ?? []), ...verbs] });
  }
  return [...new Set([...lines.values()].map(ruleText))].sort().join('\n');
}

/** Source: pkg/apis/rbac/v1/evaluation_helpers.go, CompactString. */
function ruleText({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  };
  const texts = Object.entries(parts).flatMap(([name, list]) => (list?.length ? [`${name}:${quotedList(list)}`] : []));
  return `{${texts.join(', ')}}`;
}

/** Go's %q of a list. */
export const quotedList = (list: readonly string[]): string => `[${list.map((text) => JSON.stringify(text)).join(' ')}]`;
