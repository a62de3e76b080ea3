/** What one rule allows. Pure. Source: plugin/pkg/auth/authorizer/rbac/rbac.go and pkg/apis/rbac/v1/evaluation_helpers.go. */
import type { PolicyRule, RbacSubject } from '../../../kube/generated/types.ts';
import type { RequestAttributes, User } from '../../ports.ts';
import { serviceAccountUserName } from '../groups.ts';

const all = '*';
const holds = (list: readonly string[] | undefined, value: string): boolean =>
  list?.some((entry) => entry === all || entry === value) === true;

/** `pods`, `pods/log`, any resource by a star, and one subresource of any resource by a star before the slash. */
function coversResource(rule: PolicyRule, { resource, subresource }: RequestAttributes): boolean {
  const asked = subresource === '' ? resource : `${resource}/${subresource}`;
  return rule.resources?.some((entry) => entry === all || entry === asked || (subresource !== '' && entry === `*/${subresource}`)) === true;
}

const coversName = (rule: PolicyRule, name: string): boolean =>
  rule.resourceNames === undefined || rule.resourceNames.length === 0 || rule.resourceNames.includes(name);

const coversPath = (rule: PolicyRule, path: string): boolean =>
  rule.nonResourceURLs?.some((entry) => entry === all || entry === path || (entry.endsWith(all) && path.startsWith(entry.slice(0, -1)))) ===
  true;

export function ruleAllows(rule: PolicyRule, info: RequestAttributes): boolean {
  if (!holds(rule.verbs, info.verb)) return false;
  if (!info.isResource) return coversPath(rule, info.path);
  return holds(rule.apiGroups, info.group) && coversResource(rule, info) && coversName(rule, info.name);
}

/** `bindingNamespace` is '' for cluster role bindings, whose service accounts must name their own. */
export function isSubject(subject: RbacSubject, user: User, bindingNamespace: string): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.name === user.name;
    case 'Group':
      return user.groups.includes(subject.name);
    case 'ServiceAccount': {
      const namespace = subject.namespace === undefined || subject.namespace === '' ? bindingNamespace : subject.namespace;
      return namespace !== '' && user.name === serviceAccountUserName(namespace, subject.name);
    }
    default:
      return false;
  }
}
