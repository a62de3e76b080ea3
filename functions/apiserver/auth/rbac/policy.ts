/** Roles and bindings in force at one moment, ready to be asked. Source: pkg/registry/rbac/validation/rule.go. */
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacSubject,
  Role,
  RoleBinding,
  RoleRef,
} from '../../../kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../../kube/object.ts';
import { clusterRoleBindings, clusterRoles, groupResource, roleBindings, roles, serviceAccounts } from '../../../kube/resource-type.ts';
import { notFound, StatusError } from '../../../kube/status-error.ts';
import type { RequestAttributes, User } from '../../ports.ts';
import { isSubject, ruleAllows } from './rules.ts';

export interface PolicyObjects {
  readonly roles: readonly Role[];
  readonly roleBindings: readonly RoleBinding[];
  readonly clusterRoles: readonly ClusterRole[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
}

/** One binding and what it grants. */
interface Grant {
  /** The binding's namespace; empty for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly subjects: readonly RbacSubject[];
  readonly rules: readonly PolicyRule[];
  readonly error: string;
  readonly description: string;
}

export interface PolicyDecision {
  readonly allowed: boolean;
  readonly reason: string;
}

export interface Policy {
  decide(user: User, info: RequestAttributes): PolicyDecision;
  /** Everything that the user may in the namespace, cluster-wide grants included, with what could not be resolved. */
  rulesOf(user: User, namespace: string): { readonly rules: readonly PolicyRule[]; readonly errors: readonly string[] };
  /** The rules of a role that a binding in the namespace refers to. Throws 404. */
  rulesOfRole(ref: RoleRef, namespace: string): readonly PolicyRule[];
}

const quote = (text: string): string => JSON.stringify(text);

/** Name before namespace: so it is upstream. */
function subjectText(subject: RbacSubject, bindingNamespace: string): string {
  if (subject.kind !== serviceAccounts.kind) return `${subject.kind} ${quote(subject.name)}`;
  return `${subject.kind} ${quote(`${subject.name}/${subject.namespace || bindingNamespace}`)}`;
}

const place = (namespace: string, name: string): string => `${namespace}/${name}`;

export function createPolicy(objects: PolicyObjects): Policy {
  const rulesOfRole = new Map(objects.roles.map((role) => [place(namespaceOf(role), nameOf(role)), role.rules ?? []]));
  const rulesOfClusterRole = new Map(objects.clusterRoles.map((role) => [nameOf(role), role.rules ?? []]));

  function resolve(ref: RoleRef, namespace: string): readonly PolicyRule[] | StatusError {
    const isRole = ref.kind === roles.kind;
    const rules = isRole ? rulesOfRole.get(place(namespace, ref.name)) : rulesOfClusterRole.get(ref.name);
    if (rules !== undefined) return rules;
    // Lister errors upstream name the resource in the singular.
    const missing = { ...(isRole ? roles : clusterRoles), resource: isRole ? 'role' : 'clusterrole' };
    return notFound(missing, ref.name);
  }

  function grant(kind: string, binding: RoleBinding | ClusterRoleBinding): Grant {
    const namespace = namespaceOf(binding);
    const name = namespace === '' ? nameOf(binding) : `${nameOf(binding)}/${namespace}`;
    const description = `${kind} ${quote(name)} of ${binding.roleRef.kind} ${quote(binding.roleRef.name)}`;
    const found = resolve(binding.roleRef, namespace);
    const granted = found instanceof StatusError ? { rules: [], error: found.message } : { rules: found, error: '' };
    return { namespace, subjects: binding.subjects ?? [], ...granted, description };
  }

  const clusterWide = objects.clusterRoleBindings.map((binding) => grant(clusterRoleBindings.kind, binding));
  const namespaced = Map.groupBy(
    objects.roleBindings.map((binding) => grant(roleBindings.kind, binding)),
    ({ namespace }) => namespace,
  );

  function* grantsOf(user: User, namespace: string): Generator<{ readonly grant: Grant; readonly subject: RbacSubject }> {
    const candidates = namespace === '' ? clusterWide : [...clusterWide, ...(namespaced.get(namespace) ?? [])];
    for (const candidate of candidates) {
      const subject = candidate.subjects.find((one) => isSubject(one, user, candidate.namespace));
      if (subject !== undefined) yield { grant: candidate, subject };
    }
  }

  return {
    decide(user, info) {
      const errors = new Set<string>();
      for (const { grant: candidate, subject } of grantsOf(user, info.namespace)) {
        if (candidate.rules.some((rule) => ruleAllows(rule, info))) {
          return { allowed: true, reason: `RBAC: allowed by ${candidate.description} to ${subjectText(subject, candidate.namespace)}` };
        }
        if (candidate.error !== '') errors.add(candidate.error);
      }
      return { allowed: false, reason: errors.size === 0 ? '' : `RBAC: ${aggregateText([...errors])}` };
    },
    rulesOfRole(ref, namespace) {
      const found = resolve(ref, namespace);
      if (found instanceof StatusError) throw found;
      return found;
    },
    rulesOf(user, namespace) {
      const grants = [...grantsOf(user, namespace)].map(({ grant: candidate }) => candidate);
      return {
        rules: grants.flatMap(({ rules }) => rules),
        errors: grants.map(({ error }) => error).filter((error) => error !== ''),
      };
    },
  };
}

/** Source: apimachinery, pkg/util/errors/errors.go. */
export const aggregateText = (errors: readonly string[]): string => (errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);

/** The store's names of the resources that a policy is made of. */
export const policyResources: ReadonlySet<string> = new Set([roles, roleBindings, clusterRoles, clusterRoleBindings].map(groupResource));
