/** Whether the constraints of a policy concern a request, and in which version they see it. Source: apiserver, pkg/admission/plugin/policy/matching/matching.go */
import type { MatchResources, NamedRuleWithOperations } from '../../../kube/generated/types.ts';
import { groupResource } from '../../../kube/resource-type.ts';
import type { View } from '../../../kube/view.ts';
import type { GroupVersionKind, ServedVersion } from '../../../resources/definition.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import type { ResourceIndex } from '../../registry/resource-index.ts';
import { requestKind } from '../webhooks/invocation.ts';
import { type RequestedResource, ruleMatches } from './rule-match.ts';
import { namespaceMatches, objectMatches } from './selector-match.ts';

export interface Match {
  readonly served: ServedVersion;
  readonly resource: RequestedResource;
  readonly kind: GroupVersionKind;
}

const resourceOf = ({ type: { group, version, resource } }: ServedVersion): RequestedResource => ({ group, version, resource });
const kindOf = ({ type: { group, version, kind } }: ServedVersion): GroupVersionKind => ({ group, version, kind });

const names = ({ resourceNames = [] }: NamedRuleWithOperations, name: string): boolean =>
  resourceNames.length === 0 || resourceNames.includes(name);

function ruleMatch(
  rules: readonly NamedRuleWithOperations[],
  { matchPolicy }: MatchResources,
  attributes: AdmissionAttributes,
  index: ResourceIndex,
): Match | undefined {
  const { served, name, type } = attributes;
  const own = resourceOf(served);
  const concerns = (rule: NamedRuleWithOperations, resource: RequestedResource): boolean =>
    ruleMatches(rule, attributes, resource) && names(rule, name);
  if (rules.some((rule) => concerns(rule, own))) return { served, resource: own, kind: requestKind(attributes) };
  if (matchPolicy === 'Exact') return undefined;
  const others = index.kinds.flatMap((kind) =>
    groupResource(kind.definition.type) === groupResource(type) && kind.served.type.version !== served.type.version ? [kind.served] : [],
  );
  for (const rule of rules) {
    const found = others.find((other) => concerns(rule, resourceOf(other)));
    if (found === undefined) continue;
    const requested = requestKind(attributes);
    return { served: found, resource: resourceOf(found), kind: requested.kind === served.type.kind ? kindOf(found) : requested };
  }
  return undefined;
}

/** By rules alone, without selectors and without waiting. */
export function rulesMatch(match: MatchResources, attributes: AdmissionAttributes, index: ResourceIndex): Match | undefined {
  const { resourceRules = [], excludeResourceRules = [] } = match;
  if (ruleMatch(excludeResourceRules, match, attributes, index) !== undefined) return undefined;
  if (resourceRules.length > 0) return ruleMatch(resourceRules, match, attributes, index);
  return { served: attributes.served, resource: resourceOf(attributes.served), kind: requestKind(attributes) };
}

/** By everything. Throws 404 when the namespace does not exist. */
export function resourceMatch(match: MatchResources, attributes: AdmissionAttributes, index: ResourceIndex, view: View): Match | undefined {
  const found = rulesMatch(match, attributes, index);
  if (found === undefined || !objectMatches(match.objectSelector, attributes)) return undefined;
  return namespaceMatches(match.namespaceSelector, attributes, view) ? found : undefined;
}
