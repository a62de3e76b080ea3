/** Whether a rule of a webhook concerns a request. Source: apiserver, pkg/admission/plugin/webhook/predicates/rules/rules.go */
import type { RuleWithOperations } from '../../../kube/generated/types.ts';
import { groupResource, namespaces } from '../../../kube/resource-type.ts';
import type { AdmissionAttributes } from '../../ports.ts';

export interface RequestedResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

type Request = Pick<AdmissionAttributes, 'operation' | 'subresource' | 'namespace' | 'type'>;

const has = (items: readonly string[] | undefined, asked: string): boolean =>
  items?.some((item) => item === '*' || item === asked) === true;

function isInScope(scope: string | undefined, { type, namespace }: Request): boolean {
  if (scope === undefined || scope === '*') return true;
  const isNamespaced = namespace !== '' && groupResource(type) !== groupResource(namespaces);
  return (scope === 'Namespaced') === isNamespaced;
}

function namesResource(resources: readonly string[] | undefined, resource: string, subresource: string): boolean {
  return (
    resources?.some((text) => {
      const [named = '', below = ''] = text.split('/');
      return (named === '*' || named === resource) && (below === '*' || below === subresource);
    }) === true
  );
}

export const ruleMatches = (rule: RuleWithOperations, request: Request, { group, version, resource }: RequestedResource): boolean =>
  isInScope(rule.scope, request) &&
  has(rule.operations, request.operation) &&
  has(rule.apiGroups, group) &&
  has(rule.apiVersions, version) &&
  namesResource(rule.resources, resource, request.subresource);
